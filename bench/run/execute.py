"""Launching what a plan says, one launch at a time, and keeping each result before the next begins."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from bench.arms.launch import Arm, Spec
from bench.arms.outcome import record
from bench.artifacts.request import Prepared
from bench.core.matrix.plan import Launch
from bench.core.version import now
from bench.hosts.monitor import IN_VAIN, MOST_REPLACED, Watch, replaceable
from bench.run.energy import EnergyPass
from bench.run.progress import Progress
from bench.run.stopping import Stopping


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What is the same for every launch of a run. With `replace`, what the host disturbed is launched again."""

    run_id: str
    cpus: str
    threads: int
    timeout: float
    memory: int | None
    replace: bool = True


class Todo(NamedTuple):
    """A launch that is to come, the number of its attempt, and how many disturbed ones it stands for."""

    launch: Launch
    attempt: int = 1
    replacement: int = 0


@dataclass
class Tally:
    """How a run went: launches kept, those without a number, and those that were replaced."""

    ok: int = 0
    failed: Counter[str] = field(default_factory=Counter)
    replaced: int = 0

    def count(self, line: Mapping[str, Any]) -> None:
        """Count one line of the journal."""
        if line["reason"] is not None:
            self.failed[f"{line['cell']} in {line['arm']}: {line['reason']}: {line['message']}"] += 1
        elif line["replaced"]:
            self.replaced += 1
        else:
            self.ok += 1


def execute(
    launches: Iterable[Todo],
    prepared: Mapping[str, Prepared],
    arms: Mapping[str, Arm],
    settings: Settings,
    keep: Callable[[dict[str, Any]], None],
    progress: Progress,
    watch: Watch,
    stopping: Stopping | None = None,
    energy: EnergyPass | None = None,
) -> Tally:
    """Run the launches in their order; `keep` must have them safe on return.

    A launch that fails is a result and is kept; a host that fails (HostError) ends the run at once, and what was
    under way is not kept, so that `resume` runs it again. A launch that the host disturbed (watch.py) is kept, marked
    and followed by another in its place, unless that was in vain so often that it would only take time.
    """
    tally, disturbed = Tally(), 0
    for todo in launches:
        if stopping and not stopping.goes_on(todo.launch):
            progress.skip()
            continue
        cell, arm = prepared[todo.launch.cell.id], arms[todo.launch.arm]
        line = None
        while line is None or line["replaced"]:
            progress.begin(todo.launch)
            line = _launch(todo, cell, arm, settings, watch, energy, replace=settings.replace and disturbed < IN_VAIN)
            keep(line)
            tally.count(line)
            if stopping:
                stopping.saw(line)
            progress.end(line)
            todo = after(line, todo.launch)
        disturbed = disturbed + 1 if replaceable(line["host_window"]["flags"]) else 0
    if stopping:
        stopping.finish()
    return tally


def after(line: Mapping[str, Any], launch: Launch) -> Todo:
    """The launch that would follow a line of the journal in its place."""
    return Todo(launch, line["attempt"] + 1, line.get("replacement", 0) + bool(line.get("replaced")))


def spec_of(launch: Launch, cell: Prepared, settings: Settings) -> Spec:
    """A launch as its arm sees it."""
    return Spec(
        launch=launch.id,
        run_id=settings.run_id,
        framework=launch.cell.framework,
        request=cell.request,
        mounts=cell.mounts,
        cpus=settings.cpus,
        threads=settings.threads,
        timeout=settings.timeout,
        memory=settings.memory,
        grant=cell.grant,
    )


def _launch(
    todo: Todo,
    cell: Prepared,
    arm: Arm,
    settings: Settings,
    watch: Watch,
    energy: EnergyPass | None,
    *,
    replace: bool,
) -> dict[str, Any]:
    """The line of one launch, with what the host did meanwhile. What is not timed is not replaced."""
    spec = spec_of(todo.launch, cell, settings)
    started, before, sensed = now(), watch.read(), None
    if todo.launch.part == "timing":
        outcome = arm.launch(spec)
    else:
        assert energy is not None
        outcome, sensed = energy.launch(arm, spec, cell, sample=todo.launch.part == "energy")
    line = record(todo.launch, todo.attempt, started, outcome, sensed)
    line["host_window"] = window = watch.window(before, watch.read(), line.pop("watch"))
    line["replacement"] = todo.replacement
    line["replaced"] = (
        replace and line["status"] == "ok" and todo.replacement < MOST_REPLACED and replaceable(window["flags"])
    )
    return line
