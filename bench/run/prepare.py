"""Everything a run needs, found and checked before the first launch."""

from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import docker
from rich.console import Console

from bench.arms.launch import Arm
from bench.artifacts.request import Prepared
from bench.artifacts.store import Store
from bench.core.errors import HostError
from bench.core.matrix.plan import Plan
from bench.core.matrix.schema import Matrix
from bench.core.paths import model_store
from bench.hosts.settings import recover
from bench.hosts.target import require_here, resolve_target
from bench.images.local import Image, recipe_hash
from bench.images.registry.lock import Lock
from bench.run.machine import Here, Machine
from bench.run.requests import prepare_requests
from bench.verification.verdicts import Checks


@dataclass(frozen=True, kw_only=True)
class Ready:
    """The parts of a run: what launches, what is launched, and the names by which both are recorded."""

    engine: docker.DockerClient | None
    arms: dict[str, Arm]
    prepared: dict[str, Prepared]
    images: dict[str, dict[str, Any]]
    artifacts: dict[str, dict[str, Any]]
    recipes: dict[str, str]
    given: dict[str, dict[str, Any]] = field(default_factory=dict)  # what of the hardware each framework's launches get


def disagreeing(plan: Plan, matrix: Matrix, *, force: bool) -> dict[str, str]:
    """Cell → why its artifact is known not to agree with its reference. Raises HostError unless that is forced."""
    checks = Checks(Store(model_store()), matrix)
    found = {cell.id: reason for cell in plan.cells if (reason := checks.refusal(cell))}
    if found and not force:
        what = "\n".join(f"{cell} does not compute its network: {reason}" for cell, reason in found.items())
        raise HostError(
            what,
            "leave such cells out, or time them by `bench matrix run --force`: no comparison counts them",
        )
    return found


def told(forced: Mapping[str, str]) -> list[str]:
    """The same as run.json has it."""
    return [f"{cell}: {reason}" for cell, reason in forced.items()]


def forced_of(facts: Mapping[str, Any]) -> dict[str, str]:
    """The cells that a run times in spite of their outputs, from its run.json."""
    said = (str(each).partition(": ") for each in facts.get("forced") or ())
    return {cell: reason for cell, _, reason in said}


def make_ready(
    plan: Plan,
    matrix: Matrix,
    threads: int,
    console: Console,
    forced: Collection[str] = (),
    *,
    lock: Lock | None = None,
    machine: Machine | None = None,
    quiet: bool,
) -> Ready:
    """Find the parts on a machine (this one when left out), unpacking images and installing environments where needed.

    With a lock file the images are those that it names, pulled when the engine does not have them. Cells that are
    `forced` are timed whatever their outputs are.

    Raises ConfigError when the machine is not the plan's device, HostError when a part is missing.
    """
    machine = machine or Here()
    host = machine.host
    require_here(plan.device, matrix, host.machine)
    recover(host, console.print)
    engine = machine.engine() if set(plan.arms) - {"native"} else None
    frameworks = sorted({cell.framework for cell in plan.cells})
    target = resolve_target(plan.device, frameworks, matrix, host, dict(engine.info()) if engine else None)
    target.require()
    find = machine.locate(engine, target.platforms, lock, console, quiet=quiet) if engine else None
    arms = machine.arms(plan.arms, matrix, engine, find)
    made = prepare_requests(plan, matrix, threads, target.grants, forced)
    prepared = {name: machine.bring(cell) for name, cell in made.items()}
    for framework in frameworks:
        for arm in (arms[name] for name in plan.arms_of(framework)):
            if not quiet:
                console.print(f"preparing {framework}, {arm.name} arm", highlight=False)
            arm.prepare(framework)
    return Ready(
        engine=engine,
        arms=arms,
        prepared=prepared,
        images={name: _image(find(name)) for name in frameworks} if find else {},
        artifacts={name: {**_artifact(cell), "agrees": name not in forced} for name, cell in prepared.items()},
        recipes={name: recipe_hash(name) for name in frameworks},
        given={name: asdict(target.grants[name]) for name in frameworks},
    )


def _image(image: Image) -> dict[str, Any]:
    return {
        "ref": image.ref,
        "platform": image.platform,
        "digest": image.image_id,
        "repo_digest": image.repo_digest,
        "size_bytes": image.size_bytes,
        "labels": image.labels,
    }


def _artifact(cell: Prepared) -> dict[str, Any]:
    made = cell.artifact
    return {
        "sha256": made.sha256,
        "format": made.format,
        "size_bytes": made.size_bytes,
        "parity": made.parity,
        "params": made.params,
        "macs": made.macs,
    }
