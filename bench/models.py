"""Making models: which artifacts are missing, and the containers that make them."""

import json
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import docker
from docker.types import Mount
from rich.console import Console

from bench import engine as engines
from bench import images
from bench.errors import BenchError
from bench.paths import PROJECT, model_store
from bench.recipe import FORMATS, STEPS
from bench.store import Store

RUN = "models"  # the run that these containers belong to: `bench matrix clean` finds what a killed build left
SECONDS = 3600  # no network takes this long to convert; a converter that hangs must end
LINES = 15  # of what a failed step said last, shown at once; all of it is kept in a file


class ModelBuildError(BenchError):
    """A step did not make what it should. The message ends with what the converter said."""


def build(names: Sequence[str], formats: Sequence[str], progress: Console) -> None:
    """Make what the store lacks of these models in these formats (fp32), building the images for it when needed.

    What is there with the right bytes is left alone. A model that fails does not keep the others from being made;
    then ModelBuildError is raised at the end. Raises HostError without an engine, or when an image cannot be built.
    """
    store = Store(model_store())
    failures = []
    for step, kinds in STEPS.items():
        # The steps after the first work on ONNX, whoever asked for it.
        wanted = {kind for kind in formats if kind in kinds}
        if "onnx" in kinds and any(FORMATS[kind] != step for kind in formats):
            wanted.add("onnx")
        todo = {name: missing for name in names if (missing := _missing(store, name, wanted))}
        if todo:
            images.build([f"models-{step}"])  # takes a moment when nothing has changed
        for name, missing in todo.items():
            progress.print(f"models: {step} {name} ({', '.join(missing)})", highlight=False)
            try:
                _make(store, step, name, missing)
            except ModelBuildError as error:
                failures.append(error)
    if failures:
        raise ModelBuildError("\n".join(map(str, failures)), f"all of it is kept in {store.root / 'logs'}")


def _missing(store: Store, name: str, formats: set[str]) -> list[str]:
    found = {kind: store.find(name, kind, "fp32") for kind in formats}
    return sorted(kind for kind, artifact in found.items() if artifact is None or not artifact.is_intact())


def _make(store: Store, step: str, name: str, formats: list[str]) -> None:
    command = ["-m", f"models.{step}", name, "--out", "/out", *(f"--format={kind}" for kind in formats)]
    mounts = [_read_only(PROJECT / "models", "/project/models")]
    if step != "export":
        onnx = store.find(name, "onnx", "fp32")
        if onnx is None:
            raise ModelBuildError(f"{name} as {', '.join(formats)}: it has no ONNX to begin with")
        mounts += [_read_only(onnx.path, "/in/model.onnx"), _read_only(onnx.reference, "/in/reference.npz")]
    with store.staging() as folder:
        out = folder / "out"
        out.mkdir()
        code, said = _run(f"edgebench/models-{step}:{images.native_platform()}", command, out, mounts)
        if code:
            raise _failed(store, step, name, formats, said)
        store.record(name, out, json.loads((out / "made.json").read_text(encoding="utf-8")))


def _run(image: str, command: list[str], out: Path, mounts: list[Mount]) -> tuple[int, str]:
    """Run one step to its end: its exit code and everything it said."""
    settings: dict[str, Any] = {
        "mounts": [*mounts, Mount("/out", str(out), type="bind")],
        "working_dir": "/out",
        "environment": {"PYTHONPATH": "/project", "HOME": "/tmp"},
        "user": f"{os.getuid()}:{os.getgid()}",
        "network_mode": "none",
        "read_only": True,
        "tmpfs": {"/tmp": ""},
        "cap_drop": ["ALL"],
        "security_opt": ["no-new-privileges"],
        "init": True,
    }
    client = engines.connect()
    try:
        with _container(client, image, command, settings) as container:
            code = container.wait(timeout=SECONDS)["StatusCode"]
            return code, container.logs().decode(errors="replace")
    except engines.ENGINE_GONE as error:
        raise engines.gone(error) from error
    finally:
        client.close()


@contextmanager
def _container(client: docker.DockerClient, image: str, command: list[str], settings: dict[str, Any]) -> Iterator[Any]:
    """A started container, which is gone afterwards: also when its user interrupts us."""
    container = client.containers.create(image, command, labels={engines.LABEL: RUN}, **settings)
    try:
        container.start()
        yield container
    finally:
        container.remove(force=True)


def _failed(store: Store, step: str, name: str, formats: list[str], said: str) -> ModelBuildError:
    """The error of a step, after all that it said was kept."""
    log = store.root / "logs" / f"{name}-{step}.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    log.write_text(said, encoding="utf-8")
    end = "\n".join(f"  {line}" for line in said.rstrip().splitlines()[-LINES:])
    return ModelBuildError(f"{name} as {', '.join(formats)} could not be made; {step} ended with:\n{end}")


def _read_only(source: Path, target: str) -> Mount:
    return Mount(target, str(source), type="bind", read_only=True)
