"""Making models: which artifacts are missing, and the steps that make them."""

import json
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from bench import engine as engines
from bench.config import Matrix, load_matrix
from bench.errors import CellsFailed, HostError
from bench.paths import model_store
from bench.recipe import FORMATS, SOURCES, STEPS
from bench.steps import Containers, Host, Step, Workshop
from bench.store import Store

LINES = 15  # of what a failed step said last, shown at once; all of it is kept in a file


class ModelBuildError(CellsFailed):
    """A step did not make what it should. The message ends with what the converter said."""


def build(names: Sequence[str], formats: Sequence[str], progress: Console) -> None:
    """Make what the store lacks of these models in these formats (fp32), in images or, without an engine, on the host.

    What is there with the right bytes is left alone, and what no framework could run is not made. A model that fails
    does not keep the others from being made; then ModelBuildError is raised at the end. Raises HostError when an image
    or environment cannot be made.
    """
    store = Store(model_store())
    failures = []
    left_out = useless(load_matrix(), names, formats)
    for (name, kind), reason in left_out.items():
        progress.print(f"models: {name} is not made as {kind}: {reason}", highlight=False)
    workshop: Workshop | None = None
    for step, kinds in STEPS.items():
        wanted = {kind for kind in formats if kind in kinds}
        if step not in SOURCES:  # what the later steps begin with, whoever asked for it
            wanted |= {SOURCES[FORMATS[kind]] for kind in formats if FORMATS[kind] in SOURCES}
        useful = {name: {kind for kind in wanted if (name, kind) not in left_out} for name in names}
        todo = {name: missing for name in names if (missing := _missing(store, name, useful[name]))}
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


def useless(matrix: Matrix, names: Sequence[str], formats: Sequence[str]) -> dict[tuple[str, str], str]:
    """Model and format → the reason why each framework that reads the format is without the model."""
    found = {}
    for kind in set(formats) - set(SOURCES.values()):
        readers = [framework.without for framework in matrix.frameworks.values() if framework.format == kind]
        for name in names:
            if readers and all(name in without for without in readers):
                found[name, kind] = "; ".join(sorted({without[name] for without in readers}))
    return found


def _missing(store: Store, name: str, formats: set[str]) -> list[str]:
    found = {kind: store.find(name, kind, "fp32") for kind in formats}
    return sorted(kind for kind, artifact in found.items() if artifact is None or not artifact.is_intact())


def _make(store: Store, workshop: Workshop, step: str, name: str, formats: list[str]) -> None:
    given: dict[str, Path] = {}
    if source := SOURCES.get(step):
        begun = store.find(name, source, "fp32")
        if begun is None:
            raise ModelBuildError(f"{name} as {', '.join(formats)}: it has no {source} to begin with")
        given = {source: begun.path, "reference": begun.reference}
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
