"""Making models: which artifacts are missing, and the steps that make them."""

import json
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from bench import engine as engines
from bench.errors import CellsFailed, HostError
from bench.paths import model_store
from bench.recipe import FORMATS, STEPS
from bench.steps import Containers, Host, Step, Workshop
from bench.store import Store

LINES = 15  # of what a failed step said last, shown at once; all of it is kept in a file


class ModelBuildError(CellsFailed):
    """A step did not make what it should. The message ends with what the converter said."""


def build(names: Sequence[str], formats: Sequence[str], progress: Console) -> None:
    """Make what the store lacks of these models in these formats (fp32), in images or, without an engine, on the host.

    What is there with the right bytes is left alone. A model that fails does not keep the others from being made;
    then ModelBuildError is raised at the end. Raises HostError when an image or environment cannot be made.
    """
    store = Store(model_store())
    failures = []
    workshop: Workshop | None = None
    for step, kinds in STEPS.items():
        # The steps after the first work on ONNX, whoever asked for it.
        wanted = {kind for kind in formats if kind in kinds}
        if "onnx" in kinds and any(FORMATS[kind] != step for kind in formats):
            wanted.add("onnx")
        todo = {name: missing for name in names if (missing := _missing(store, name, wanted))}
        if not todo:
            continue
        workshop = workshop or _workshop(progress)
        workshop.prepare(step)
        for name, missing in todo.items():
            progress.print(f"models: {step} {name} ({', '.join(missing)})", highlight=False)
            try:
                _make(store, workshop, step, name, missing)
            except ModelBuildError as error:
                failures.append(error)
    if failures:
        raise ModelBuildError("\n".join(map(str, failures)), f"all of it is kept in {store.root / 'logs'}")


def _missing(store: Store, name: str, formats: set[str]) -> list[str]:
    found = {kind: store.find(name, kind, "fp32") for kind in formats}
    return sorted(kind for kind, artifact in found.items() if artifact is None or not artifact.is_intact())


def _make(store: Store, workshop: Workshop, step: str, name: str, formats: list[str]) -> None:
    given: dict[str, Path] = {}
    if step != "export":
        onnx = store.find(name, "onnx", "fp32")
        if onnx is None:
            raise ModelBuildError(f"{name} as {', '.join(formats)}: it has no ONNX to begin with")
        given = {"onnx": onnx.path, "reference": onnx.reference}
    with store.staging() as folder:
        out = folder / "out"
        out.mkdir()
        code, said = workshop.run(Step(name=step, model=name, formats=formats, given=given), out)
        if code:
            raise _failed(store, step, name, formats, said)
        store.record(name, out, json.loads((out / "made.json").read_text(encoding="utf-8")))


def _workshop(progress: Console) -> Workshop:
    try:
        return Containers(engines.connect())
    except HostError:
        progress.print("models: no engine answers, so the steps run in environments of this machine", highlight=False)
        return Host()


def _failed(store: Store, step: str, name: str, formats: list[str], said: str) -> ModelBuildError:
    """The error of a step, after all that it said was kept."""
    log = store.root / "logs" / f"{name}-{step}.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    log.write_text(said, encoding="utf-8")
    end = "\n".join(f"  {line}" for line in said.rstrip().splitlines()[-LINES:])
    return ModelBuildError(f"{name} as {', '.join(formats)} could not be made; {step} ended with:\n{end}")
