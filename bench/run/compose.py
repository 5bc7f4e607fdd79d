"""Files for Docker Compose, for people who use it alone: a device's containers as the SDK would make them.

The options come from `bench.arms.container.options`, as those of a run do. What only the machine can know (its groups'
numbers, CPUs, where its models are) is a variable with a default.
"""

import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import yaml
from docker.types import Mount

from bench.arms.container import options
from bench.arms.docker_syntax import service
from bench.arms.launch import Spec
from bench.artifacts.request import request_of, timing_of
from bench.artifacts.store import Store
from bench.core.errors import ConfigError, HostError
from bench.core.matrix.plan import Plan
from bench.core.matrix.platforms import architecture
from bench.core.matrix.schema import Matrix
from bench.core.paths import model_store
from bench.hosts.grant import TRIPLETS, Grant, make_grant
from bench.hosts.host import Local

NOWHERE = Local(Path("/nowhere"))  # no machine is asked: a rendered file is the same wherever it is rendered
INSIDE = "/models"  # where a service sees the folder with the model
HEADER = """\
# {title}
# Rendered from matrix.yaml by `bench compose render --device {device}`: change it there.
#
# One service for each framework, and one at a time, since they would time each other:
#   docker compose -f compose/{device}.yaml run --rm {example}
# It does what request.json in the folder with the model asks for (docs/protocol.md) and prints JSON lines. That folder
# comes from `bench compose model {device}/{example}/MODEL/PRECISION --output models`, or from your own hands.
#
# Variables, for a file .env beside this one or the environment:
{variables}
"""
VARIABLES = {
    "EDGEBENCH_MODELS": "the folder with request.json and the model; ./models beside this file",
    "EDGEBENCH_IMAGES": "where the images come from, HOST:PORT/edgebench; those built here",
    "EDGEBENCH_PLATFORM": "the platform of the images: {platforms}",
    "EDGEBENCH_TRIPLET": "the architecture's name in paths of libraries: {triplets}",
    "EDGEBENCH_USER": "UID:GID of the process, which must be able to read the model; 65532:65532",
    "EDGEBENCH_CPUS": "CPUs, such as 0-3; all",
    "EDGEBENCH_THREADS": "threads of OpenMP: what request.json says; 1",
}


def renderable(matrix: Matrix, device: str) -> list[str]:
    """The frameworks that have an image for a device, and that it can run."""
    entry = matrix.devices[device]
    return [
        name
        for name, framework in matrix.frameworks.items()
        if entry.runs(name, framework.group)
        and name not in entry.without
        and any(platform in framework.platforms for platform in entry.platforms)
    ]


def render(matrix: Matrix, device: str) -> str:
    """The Compose file of a device. Raises ConfigError when no framework has an image for it."""
    names = renderable(matrix, device)
    entry = matrix.devices[device]
    if not names:
        why = "; ".join(entry.without.values()) or "no framework has an image for its platforms"
        raise ConfigError(f"there is nothing to render for {device}: {why}")
    body = f"name: edgebench-{device}\n{_services({name: _service(matrix, device, name) for name in names})}"
    groups = dict.fromkeys(group for name in names for way in matrix.accesses(device, name) for group in way.groups)
    said = {
        **VARIABLES,
        **{
            _gid(group): f"the number of the group {group} here: getent group {group} | cut -d: -f3" for group in groups
        },
    }
    lines = [f"#   {name:<19} {what}" for name, what in said.items() if f"${{{name}:" in body]
    variables = "\n".join(lines).format(triplets=" or ".join(TRIPLETS.values()), platforms=" or ".join(entry.platforms))
    return HEADER.format(title=entry.title, device=device, example=names[0], variables=variables) + body


def _services(services: dict[str, dict[str, Any]]) -> str:
    """The services, with what all of them have said once. Compose merges no lists: those are common or they are not."""
    every = list(services.values())
    environment = _common([each["environment"] for each in every])
    own = ("profiles", "image")
    common = {key: value for key, value in _common(every).items() if key not in own} | {"environment": "*environment"}
    named = {name: {"<<": "*launch"} | _rest(each, common, environment) for name, each in services.items()}
    parts = {"x-environment": environment, "x-launch": common, "services": named}
    text = "".join(
        yaml.safe_dump(
            {key: value}, sort_keys=False, width=118, default_flow_style=False if key == "x-environment" else None
        )
        for key, value in parts.items()
    )
    for name in ("environment", "launch"):
        text = text.replace(f"x-{name}:\n", f"x-{name}: &{name}\n").replace(f"'*{name}'", f"*{name}")
    return text.replace("'<<':", "<<:")


def _common(entries: list[dict[str, Any]]) -> dict[str, Any]:
    return {key: value for key, value in entries[0].items() if all(each.get(key) == value for each in entries)}


def _rest(each: dict[str, Any], common: dict[str, Any], environment: dict[str, Any]) -> dict[str, Any]:
    """What of a service is its own."""
    rest = {key: value for key, value in each.items() if key not in common}
    if more := {key: value for key, value in each["environment"].items() if key not in environment}:
        rest["environment"] = {"<<": "*environment"} | more
    return rest


def _service(matrix: Matrix, device: str, framework: str) -> dict[str, Any]:
    entry, platforms = matrix.devices[device], matrix.frameworks[framework].platforms
    offered = [platform for platform in entry.platforms if platform in platforms]
    tag = offered[0] if len(offered) == 1 else f"${{EDGEBENCH_PLATFORM:-{offered[0]}}}"
    spec = Spec(
        launch=framework,
        run_id="compose",
        framework=framework,
        request=Path(INSIDE) / "request.json",
        mounts=(),
        cpus="${EDGEBENCH_CPUS:-}",
        threads=1,
        timeout=0,
        grant=_unbound(make_grant(matrix.accesses(device, framework), offered[0], NOWHERE), offered),
    )
    words = options(spec, user="${EDGEBENCH_USER:-65532:65532}")
    words["environment"]["OMP_NUM_THREADS"] = "${EDGEBENCH_THREADS:-1}"
    models = Mount(INSIDE, "${EDGEBENCH_MODELS:-./models}", type="bind", read_only=True)
    words["mounts"] = [models, *words["mounts"]]
    return {"profiles": [framework], **service(f"${{EDGEBENCH_IMAGES:-edgebench}}/{framework}:{tag}", words)}


def _unbound(given: Grant, platforms: list[Any]) -> Grant:
    """A grant with variables for what differs from machine to machine."""
    known = TRIPLETS[architecture(platforms[0])]
    several = len({architecture(platform) for platform in platforms}) > 1
    triplet = f"${{EDGEBENCH_TRIPLET:-{known}}}" if several else known
    return replace(
        given,
        groups=tuple(f"${{{_gid(str(name))}:-{name}}}" for name in given.groups),
        files=tuple(path.replace(known, triplet) for path in given.files),
    )


def _gid(group: str) -> str:
    return f"{group.upper().replace('-', '_')}_GID"


def lay_out(plan: Plan, matrix: Matrix, threads: int, folder: Path) -> Path:
    """Put the request and the model of a plan's one cell into a folder that a service can mount; the request's path.

    Raises HostError when the model was not made yet, or the folder holds something already.
    """
    (cell,) = plan.cells
    kind = matrix.frameworks[cell.framework].kind(cell.precision)
    artifact = Store(model_store()).find(cell.model, *kind)
    if artifact is None:
        hint = f"make it: bench models build {cell.model} --format {kind.format} --precision {kind.precision}"
        raise HostError(f"{cell.model} as {kind} is not in the model store", hint)
    if folder.exists() and any(folder.iterdir()):
        raise HostError(f"{folder} is not empty", "name another folder, or empty it")
    folder.mkdir(parents=True, exist_ok=True)
    request = request_of(cell, matrix, artifact, threads) | timing_of(plan)
    for key, source in (("artifact", artifact.path), ("reference", artifact.reference)):
        copy = shutil.copytree if source.is_dir() else shutil.copy
        copy(source, folder / source.name)
        request[key]["path"] = f"{INSIDE}/{source.name}"
    path = folder / "request.json"
    path.write_text(json.dumps(request, indent=1, sort_keys=True) + "\n")
    return path
