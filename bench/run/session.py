"""One run from its plan to its last launch, and the same run taken up again."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rich.console import Console

from bench.core import cpus as cpu_lists
from bench.core.errors import HostError, Interrupted
from bench.core.matrix.plan import Launch, Plan
from bench.core.matrix.platforms import platform_of
from bench.core.matrix.schema import Matrix, Sensing
from bench.core.version import now, versions
from bench.hosts.monitor import Watch
from bench.hosts.sensors import survey
from bench.images.registry.lock import Lock, lock_of
from bench.journal.journal import TORN, Journal, Run, read, write_run
from bench.journal.reader import SCHEMA
from bench.run.ablations import available, limit, memory_limits
from bench.run.energy import EnergyPass
from bench.run.execute import Settings, Tally, Todo, after, execute
from bench.run.machine import Here, Machine
from bench.run.prepare import Ready, disagreeing, forced_of, make_ready, told
from bench.run.progress import Progress
from bench.run.run_folder import new_run_id, plan_facts, plan_of
from bench.run.stopping import HalfWidths, Stopping


@dataclass(frozen=True, kw_only=True)
class Options:
    """What the user may say of a run besides its cells. `cpus` is a list as the kernel writes it, memory in bytes.

    With a lock the images are those that it names, without one those that were built here. `half_widths` is what a plan
    that stops by them asks; without `replace`, launches that the host disturbed are flagged only. `force` times cells,
    too, whose artifacts are known not to agree with their reference. `sensing` is how the sensors are read, should the
    plan have an energy pass, and `machine` where it is carried out.
    """

    cpus: str | None = None
    memory: int | None = None
    timeout: float = 600.0
    command: str = ""
    lock: Lock | None = None
    half_widths: HalfWidths | None = None
    replace: bool = True
    force: bool = False
    sensing: Sensing = field(default_factory=Sensing)
    machine: Machine = field(default_factory=Here)


@dataclass(frozen=True)
class Result:
    """Where a run is and how it went."""

    run_id: str
    folder: Path
    tally: Tally


def start(plan: Plan, matrix: Matrix, options: Options, results: Path, console: Console, *, quiet: bool) -> Result:
    """Carry out a new run. Raises HostError before anything is launched when something that it needs is missing."""
    machine = options.machine
    there = machine.cpus()
    chosen = cpu_lists.parse(options.cpus, there) if options.cpus else there
    settings = Settings(
        run_id=new_run_id(),
        cpus=cpu_lists.show(chosen),
        threads=len(chosen),
        timeout=options.timeout + (plan.stop.seconds if plan.driver == "loadgen" else 0.0),
        memory=options.memory,
        replace=options.replace,
    )
    with machine.reserved():
        sensors = survey(options.sensing, machine.sense) if plan.energy else None
        _say_meter(sensors, console)
        plan = available(plan, console, machine)
        forced = disagreeing(plan, matrix, force=options.force)
        ready = make_ready(
            plan, matrix, settings.threads, console, forced, lock=options.lock, machine=machine, quiet=quiet
        )
        limits = memory_limits(plan, ready, settings)
        folder = results / settings.run_id
        write_run(
            folder,
            {
                "schema": SCHEMA,
                "run_id": settings.run_id,
                "created": now(),
                "command": options.command,
                "versions": versions(),
                "seed": plan.seed,
                "plan": plan_facts(plan, settings),
                "host": machine.facts(ready.engine),
                "images": ready.images,
                "artifacts": ready.artifacts,
                "recipes": ready.recipes,
                "given": ready.given,
                "sensors": sensors,
                "memory_limits": limits,
                "forced": told(forced),
            },
        )
        limit(ready, limits)
        todo = [Todo(launch) for launch in _launches(plan, sensors)]
        energy = _energy_pass(plan, sensors, machine)
        return _carry_out(
            folder, todo, plan, ready, settings, energy, console, quiet, options.half_widths, machine.watch(chosen)
        )


def resume(
    folder: Path,
    matrix: Matrix,
    console: Console,
    *,
    quiet: bool,
    retry_failed: bool,
    half_widths: HalfWidths | None = None,
    machine: Machine | None = None,
) -> Result:
    """Run what the journal does not have yet, on the machine and with the very parts that the run began with.

    Raises HostError when an image or an artifact is not the one of the run any more: the launches would not belong
    together.
    """
    machine = machine or Here()
    with machine.reserved():
        run = read(folder)
        machine.require_same(run.facts.get("host") or {}, console.print)
        plan, settings = plan_of(run.facts, matrix)
        cpus = cpu_lists.parse(settings.cpus, machine.cpus())
        sensors = run.facts.get("sensors")
        kept = {line["launch"]: line for line in (*run.launches, *run.energy)}
        todo = []
        for launch in _launches(plan, sensors):
            before = kept.get(launch.id)
            if before is None:
                todo.append(Todo(launch))
            elif before.get("replaced") or (retry_failed and (before["status"] == "failed" or before.get("reason"))):
                todo.append(after(before, launch))
        lock = lock_of(run.facts.get("images") or {}, platform_of(machine.host.machine))
        forced = forced_of(run.facts)
        ready = make_ready(plan, matrix, settings.threads, console, forced, lock=lock, machine=machine, quiet=quiet)
        same_parts(run.facts, ready)
        limit(ready, run.facts.get("memory_limits") or {})
        energy = _energy_pass(plan, sensors, machine)
        return _carry_out(
            folder, todo, plan, ready, settings, energy, console, quiet, half_widths, machine.watch(cpus), run
        )


def _launches(plan: Plan, sensors: dict[str, Any] | None) -> Iterator[Launch]:
    """All launches in their order; no energy pass where nothing measures power."""
    yield from plan.launches()
    if sensors and sensors["meter"]:
        yield from plan.energy_launches()


def _energy_pass(plan: Plan, sensors: dict[str, Any] | None, machine: Machine) -> EnergyPass | None:
    return EnergyPass(plan.energy, Sensing(**sensors["sensing"]), machine.sense) if plan.energy and sensors else None


def _say_meter(sensors: dict[str, Any] | None, console: Console) -> None:
    if sensors:
        found = f"energy of the {sensors['scope']}, by {', '.join(sensors['meter'])}" if sensors["meter"] else None
        console.print(found or f"no energy: {sensors['reason']}", highlight=False, markup=False, soft_wrap=True)


def _carry_out(
    folder: Path,
    todo: Sequence[Todo],
    plan: Plan,
    ready: Ready,
    settings: Settings,
    energy: EnergyPass | None,
    console: Console,
    quiet: bool,
    half_widths: HalfWidths | None,
    watch: Watch,
    before: Run | None = None,
) -> Result:
    progress = Progress(len(todo), plan.blocks, console=console, quiet=quiet)
    advice = f"what was measured is kept: bench matrix resume {folder}"
    try:
        with Journal(folder) as journal, progress:
            if journal.torn:
                console.print(f"the last line was cut short and is set aside in {folder / TORN}", highlight=False)
            stopping = _stopping(plan, half_widths, journal, before)
            tally = execute(
                todo, ready.prepared, ready.arms, settings, journal.append, progress, watch, stopping, energy
            )
    except Interrupted as error:
        raise Interrupted(f"{error}; {advice}") from None
    except HostError as error:
        raise HostError(str(error), "; ".join(filter(None, (error.hint, advice)))) from error
    return Result(settings.run_id, folder, tally)


def _stopping(plan: Plan, half_widths: HalfWidths | None, journal: Journal, before: Run | None) -> Stopping | None:
    if plan.half_width is None:
        return None
    assert half_widths is not None, "who starts a plan with a half-width gives what measures it"
    kept, stops = (before.launches, before.stops) if before else ((), None)
    return Stopping(plan, half_widths, journal.append, kept, stops)


def same_parts(facts: dict[str, Any], ready: Ready) -> None:
    """Raises HostError when an image, an artifact or a recipe is not the one that run.json names."""
    _same("image", _column(facts.get("images"), "digest"), _column(ready.images, "digest"))
    _same("artifact", _column(facts.get("artifacts"), "sha256"), _column(ready.artifacts, "sha256"))
    _same("recipe", facts.get("recipes") or {}, ready.recipes)


def _column(table: Any, key: str) -> dict[str, Any]:
    return {name: facts.get(key) for name, facts in (table or {}).items()}


def _same(what: str, then: dict[str, Any], today: dict[str, Any]) -> None:
    for name, value in then.items():
        if today.get(name) != value:
            raise HostError(
                f"the {what} of {name} was {value} when the run began, and is {today.get(name)} now",
                "start a new run: launches of two versions would not belong together",
            )
