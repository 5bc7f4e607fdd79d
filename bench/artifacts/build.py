"""Builds models: finds the missing artifacts and runs the steps that make them."""

import json
from collections.abc import Iterable, Sequence
from pathlib import Path

from rich.console import Console

from bench.artifacts.edgetpu import kinds_without_compiler, stage_compiler
from bench.artifacts.recipe import MAKERS, SOURCES, STEPS
from bench.artifacts.report import comparison_line
from bench.artifacts.step_report import ArtifactRecord, StepReport
from bench.artifacts.steps import MEMORY, SECONDS, TIMED_OUT, ContainerStepRunner, HostStepRunner, Step, StepRunner
from bench.artifacts.store import Store
from bench.core.errors import CellsFailed, HostError
from bench.core.matrix import parity_bounds
from bench.core.matrix.artifact_kind import Kind
from bench.core.matrix.schema import Framework, Matrix, load_matrix
from bench.core.paths import model_store
from bench.images import engine as engines

LINES = 15  # last lines of a failed step's output that are printed; a file keeps all of it
MESSAGE = 2000  # characters of a converter's message that the store keeps


class ModelBuildError(CellsFailed):
    """A step failed to make an artifact. The message ends with the converter's output."""


def build(names: Sequence[str], kinds: Iterable[Kind], progress: Console, *, again: bool = True) -> None:
    """Make the missing artifacts of these models and kinds, in images or, without an engine, on the host.

    Intact artifacts stay, and kinds that no framework can run are skipped. If a model fails, the others are still made;
    ModelBuildError is raised at the end. Without `again`, artifacts that failed before with the same sources are
    skipped. Raises HostError if an image or environment cannot be made, or if a user's model would be read on the host.
    """
    store = Store(model_store())
    failures: list[str] = []
    wanted = list(dict.fromkeys(kinds))
    left_out = unusable_kinds(load_matrix(), names, wanted) | kinds_without_source(store, names, wanted)
    left_out |= kinds_without_compiler(names, wanted)
    for (name, kind), reason in left_out.items():
        progress.print(f"models: {name} is not made as {kind}: {reason}", highlight=False, soft_wrap=True)
    step_runner: StepRunner | None = None
    for step, mine in _by_step(wanted).items():
        useful = {name: [kind for kind in mine if (name, kind) not in left_out] for name in names}
        todo = {name: missing for name in names if (missing := _missing(store, name, step, useful[name], again=again))}
        if not todo:
            continue
        step_runner = step_runner or find_step_runner(progress)
        if not step_runner.apart and (added := sorted(todo.keys() & set(store.user_models()))):
            what = f"no engine answers, and a model of your own is converted in a container only: {', '.join(added)}"
            raise HostError(what, "start an engine with `make engine-up`")
        step_runner.prepare(step)
        for name, missing in todo.items():
            progress.print(f"models: {step} {name} ({', '.join(map(str, missing))})", highlight=False)
            failures += _make(store, step_runner, step, name, missing, progress)
    if failures:
        raise ModelBuildError("\n".join(failures), f"all of it is kept in {store.root / 'logs'}")


def unusable_kinds(matrix: Matrix, names: Sequence[str], kinds: Iterable[Kind]) -> dict[tuple[str, Kind], str]:
    """Map (model, kind) to the reason, if no framework that reads the format can run the model."""
    found = {}
    for kind in set(kinds) - set(SOURCES.values()):
        readers = [entry.without for entry in matrix.frameworks.values() if kind.format in formats_of(entry)]
        for name in names:
            if readers and all(name in without for without in readers):
                found[name, kind] = "; ".join(sorted({without[name] for without in readers}))
    return found


def kinds_without_source(store: Store, names: Sequence[str], kinds: Iterable[Kind]) -> dict[tuple[str, Kind], str]:
    """Map (user's model, kind) to the reason, if the store has nothing to make it from."""
    found = {}
    for name in (each for each in names if each in store.user_models()):
        for kind in kinds:
            source = SOURCES.get(MAKERS[kind])
            if store.find(name, *kind) is None and (source is None or store.find(name, *source) is None):
                found[name, kind] = f"it was added as another kind of file, and {kind} is made of {source or 'nothing'}"
    return found


def formats_of(framework: Framework) -> set[str]:
    """Return every format that a framework reads, in any precision."""
    return {framework.kind(precision).format for precision in framework.precisions}


def find_step_runner(progress: Console) -> StepRunner:
    """Return the runner of steps: containers, or the host if no engine answers."""
    try:
        return ContainerStepRunner(engines.connect())
    except HostError:
        progress.print("models: no engine answers, so the steps run in environments of this machine", highlight=False)
        return HostStepRunner()


def _by_step(wanted: Sequence[Kind]) -> dict[str, list[Kind]]:
    """Map each step to the kinds that it makes, in running order; the sources of steps are included."""
    sources = [SOURCES[step] for kind in wanted if (step := MAKERS[kind]) in SOURCES]
    every = [*sources, *wanted]
    return {
        step: mine for step in STEPS if (mine := [kind for kind in MAKERS if MAKERS[kind] == step and kind in every])
    }


def _missing(store: Store, name: str, step: str, kinds: Sequence[Kind], *, again: bool) -> list[Kind]:
    """Return the kinds that are missing or damaged. A user's model is defined by its file, not by a step."""
    if step not in SOURCES and name in store.user_models():
        return []
    found = {kind: store.find(name, *kind) for kind in kinds}
    missing = [kind for kind, artifact in found.items() if artifact is None or not artifact.is_intact()]
    return [kind for kind in missing if again or store.failure(name, kind) is None]


def _make(
    store: Store, step_runner: StepRunner, step: str, name: str, kinds: Sequence[Kind], progress: Console
) -> list[str]:
    """Run one step for a model. Return the messages of its failures; the store keeps them too."""
    of_user = name in store.user_models()
    with store.staging() as folder:
        given: dict[str, Path] = {}
        if source := SOURCES.get(step):
            begun = store.find(name, *source)
            if begun is None:
                return [_fail(store, name, kind, f"it has no {source} to begin with") for kind in kinds]
            inputs = folder / "inputs.json"
            inputs.write_text(json.dumps(begun.inputs), encoding="utf-8")
            given = {
                "model": begun.path,
                "inputs": inputs,
                "reference": begun.reference,
                **stage_compiler(kinds, folder),
            }
        out = folder / "out"
        out.mkdir()
        code, said = step_runner.run(
            Step(name=step, model=name, kinds=kinds, given=given, reads_user_file=of_user), out
        )
        _keep_log(store, f"{name}-{step}", said)
        if code:
            reason = failure_reason(code, said, limit=MEMORY if of_user else None)
            return [_fail(store, name, kind, reason, said) for kind in kinds]
        report = StepReport.read(out)
        store.record(name, out, report.made)
        for artifact in report.artifacts:
            progress.print(f"models: {name} {_judged(artifact)}", highlight=False, soft_wrap=True)
        failed = report.failed
        return [_fail(store, name, kind, failed[str(kind)], said) for kind in kinds if str(kind) in failed]


def _judged(artifact: ArtifactRecord) -> str:
    """Return the parity that a step measured, as one line."""
    wrong = parity_bounds.outside(artifact.kind.precision, artifact.parity)
    return f"{artifact.kind}: {comparison_line('differs' if wrong else 'agrees', artifact.parity, wrong)}"


def failure_reason(code: int, said: str, *, limit: int | None = None) -> str:
    """Return why a step ended with this code: its last line of output. `limit` is its memory limit in bytes."""
    if code in (137, -9):
        more = f" (a model of your own may take {limit >> 30} GiB)" if limit else ""
        return f"out of memory: the converter was killed{more}"
    if code == TIMED_OUT:
        return f"the converter took longer than {SECONDS} s"
    # A library that aborts prints its reason, then the header of an empty stack trace.
    lines = [line for line in said.strip().splitlines() if not line.startswith("*** ")]
    return (lines or [f"it ended with {code} and said nothing"])[-1]


def _fail(store: Store, name: str, kind: Kind, message: str, said: str = "") -> str:
    store.fail(name, kind, " ".join(message.split())[:MESSAGE])
    end = "".join(f"\n  {line}" for line in said.rstrip().splitlines()[-LINES:])
    return f"{name} as {kind} could not be made: {message}{end}"


def _keep_log(store: Store, name: str, said: str) -> None:
    log = store.root / "logs" / f"{name}.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    log.write_text(said, encoding="utf-8")
