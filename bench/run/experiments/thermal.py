"""One cell, inferred without a pause until the board is as warm as it gets, while its sensors are read.

A study is a folder, as a run is: `study.json`, written before the first inference, and `events.jsonl`, what the runner
and the sampler said, line by line as it came (docs/results.md). analysis/experiments/thermal.py reads them.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from rich.console import Console

from bench.arms.launch import Outcome, Spec
from bench.arms.outcome import verdict
from bench.core import cpus
from bench.core.errors import Interrupted
from bench.core.matrix.plan import Plan
from bench.core.matrix.schema import Energy, Matrix, Sensing
from bench.core.version import now, versions
from bench.hosts.sensors import Event, Sampler, survey
from bench.images.registry.lock import Lock
from bench.journal.event_file import EventFile
from bench.journal.journal import write_json
from bench.journal.study_folder import EVENTS, SCHEMA, STUDY
from bench.run.machine import Here, Machine
from bench.run.prepare import Ready, make_ready
from bench.run.run_folder import cell_facts, new_run_id

PERIOD = 1.0  # seconds between readings: heat is slow
SPARE = 600.0  # seconds for a launch to load, and to end


@dataclass(frozen=True, kw_only=True)
class Options:
    """What the user may say of a study. Times in minutes."""

    minutes: float
    cooldown: float
    sensing: Sensing
    command: str
    lock: Lock | None = None
    machine: Machine = field(default_factory=Here)


def measure(plan: Plan, matrix: Matrix, options: Options, results: Path, console: Console) -> tuple[Path, str | None]:
    """Carry out a study of the plan's only cell and arm: its folder, and why the launch failed, or None.

    Raises HostError when something is missing, Interrupted when somebody ends it; what was heard is kept.
    """
    sensing = options.sensing.model_copy(update={"period": max(PERIOD, options.sensing.period)})
    plan = replace(plan, energy=Energy(seconds=max(1.0, options.minutes * 60)))
    machine = options.machine
    with machine.reserved():
        sensors = survey(sensing, machine.sense)
        threads = len(machine.cpus())
        ready = make_ready(plan, matrix, threads, console, quiet=True, lock=options.lock, machine=machine)
        folder = results / new_run_id()
        write_json(folder / STUDY, _facts(folder, plan, options, ready, sensors))
        with EventFile(folder / EVENTS) as events:
            try:
                outcome = _carry_out(plan, options, sensing, ready, folder, events, console)
            except Interrupted as error:
                raise Interrupted(f"{error}; what was heard is kept: bench measure thermal --show {folder}") from None
    reason, message = verdict(outcome)
    return folder, f"{reason}: {message}" if reason else None


def _carry_out(
    plan: Plan,
    options: Options,
    sensing: Sensing,
    ready: Ready,
    folder: Path,
    events: EventFile,
    console: Console,
) -> Outcome:
    (cell,) = plan.cells
    (arm,) = plan.arms
    prepared = ready.prepared[cell.id]
    assert prepared.energy_request is not None
    assert plan.energy is not None
    told = _Told(options.minutes, console)

    def keep(source: str) -> Callable[[Event], None]:
        def append(event: Event) -> None:
            events.append({"source": source, **event})
            told.hear(event)

        return append

    chosen = options.machine.cpus()
    spec = Spec(
        launch=f"{cell.id}/{arm}/thermal",
        run_id=folder.name,
        framework=cell.framework,
        request=prepared.energy_request,
        mounts=prepared.mounts,
        cpus=cpus.show(chosen),
        threads=len(chosen),
        timeout=plan.energy.seconds + SPARE,
        hear=_Lines(keep("runner")).feed,
        grant=prepared.grant,
    )
    with Sampler(sensing, options.machine.sense, hear=keep("sampler")) as sampler:
        outcome = ready.arms[arm].launch(spec)
        if options.cooldown:
            console.print(f"cooling down for {options.cooldown:g} minutes", highlight=False)
            sampler.wait(options.cooldown * 60)
        sampler.stop()
    return outcome


def _facts(folder: Path, plan: Plan, options: Options, ready: Ready, sensors: dict[str, Any]) -> dict[str, Any]:
    (cell,) = plan.cells
    return {
        "schema": SCHEMA,
        "study": "thermal",
        "id": folder.name,
        "created": now(),
        "command": options.command,
        "versions": versions(),
        "device": cell.device,
        **cell_facts(cell),
        "arm": plan.arms[0],
        "minutes": options.minutes,
        "cooldown": options.cooldown,
        "host": options.machine.facts(ready.engine),
        "images": ready.images,
        "artifacts": ready.artifacts,
        "given": ready.given,
        "sensors": sensors,
    }


class _Lines:
    """Pieces of a stream, given on as the events that its lines are."""

    def __init__(self, give: Callable[[Event], None]) -> None:
        self._give, self._rest = give, b""

    def feed(self, piece: bytes) -> None:
        """Take the next piece."""
        *lines, self._rest = (self._rest + piece).split(b"\n")
        for line in lines:
            try:
                event = json.loads(line)
            except ValueError:
                continue
            if isinstance(event, dict):
                self._give(event)


class _Told:
    """A line a minute for who waits."""

    def __init__(self, minutes: float, console: Console) -> None:
        self._minutes, self._console = minutes, console
        self._begun: int | None = None
        self._next, self._heat = 1, ""

    def hear(self, event: Event) -> None:
        """Take an event of either program."""
        if event.get("event") == "reading":
            heats = [value for name, value in event["values"].items() if name.endswith("/temperature")]
            self._heat = f", {max(heats):.0f} °C" if heats else self._heat
        if event.get("event") != "window":
            return
        self._begun = self._begun or event["start_ns"]
        if event["end_ns"] - self._begun >= self._next * 60e9:
            said = f"minute {self._next} of {self._minutes:g}: {event['median_ns'] / 1e6:.2f} ms{self._heat}"
            self._console.print(said, highlight=False)
            self._next += 1
