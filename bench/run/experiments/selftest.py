"""A self-test from its plan to its last launch, and the same one taken up again."""

from dataclasses import dataclass, replace
from pathlib import Path

from rich.console import Console

from bench.core import cpus as cpu_lists
from bench.core.errors import ConfigError, HostError, Interrupted
from bench.core.matrix.plan import Plan
from bench.core.matrix.schema import Matrix
from bench.core.paths import cache
from bench.core.version import now, versions
from bench.hosts.host import this_machine
from bench.hosts.monitor import Watch
from bench.hosts.provenance import board, host
from bench.images.local import native_platform
from bench.images.registry.lock import lock_of
from bench.journal.journal import Journal, Run, read, write_run
from bench.journal.reader import SCHEMA
from bench.run.execute import Settings, Tally, execute
from bench.run.experiments.sabotage import Throttles
from bench.run.experiments.selftest_arms import SABOTAGED, Lineup, make
from bench.run.experiments.selftest_blocks import Blocks, to_do
from bench.run.lock import reserved
from bench.run.prepare import Ready, make_ready
from bench.run.progress import Progress
from bench.run.run_folder import new_run_id, plan_facts, plan_of
from bench.run.session import Options, Result, same_parts

STUDY = "selftest"


@dataclass(frozen=True)
class Wanted:
    """`minutes`: as many of the plan's blocks as begin in that time, all of them when None; `sabotage` that is on."""

    minutes: float | None
    sabotage: str | None = None


def start(
    plan: Plan, wanted: Wanted, matrix: Matrix, options: Options, results: Path, console: Console, *, quiet: bool
) -> Result:
    """Carry out a new self-test. `plan` has one cell and the arms that are there. Raises HostError before a launch."""
    chosen = cpu_lists.parse(options.cpus) if options.cpus else cpu_lists.allowed()
    settings = Settings(
        run_id=new_run_id(),
        cpus=cpu_lists.show(chosen),
        threads=len(chosen),
        timeout=options.timeout,
        memory=None,
        replace=options.replace,
    )
    with reserved():
        ready = make_ready(plan, matrix, settings.threads, console, lock=options.lock, quiet=quiet)
        [cell] = plan.cells
        lineup = Lineup(plan.arms_of(cell.framework), wanted.sabotage)
        sabotages = {name: list(of) for name, of in lineup.sabotaged.items()}
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
                "plan": {
                    **plan_facts(plan, settings),
                    "study": STUDY,
                    "arms": [*lineup.compared, *sabotages],
                    "base": list(lineup.arms),
                    "slowed": lineup.slowed,
                    "sabotages": sabotages,
                    "sabotage": wanted.sabotage,
                    "minutes": wanted.minutes,
                    "launches": None,
                },
                "host": host(ready.engine) | board(this_machine()),
                "images": ready.images,
                "artifacts": ready.artifacts,
                "recipes": ready.recipes,
                "given": ready.given,
                "forced": [f"sabotage: {wanted.sabotage} is on"] if wanted.sabotage else [],
            },
        )
        return _carry_out(folder, plan, lineup, wanted, ready, settings, console, quiet=quiet)


def resume(folder: Path, matrix: Matrix, console: Console, *, quiet: bool, retry_failed: bool) -> Result:
    """Launch what the journal does not have, for the minutes that are left. Raises as session.resume does."""
    with reserved():
        run = read(folder)
        saved = run.facts["plan"]
        try:
            lineup = Lineup(tuple(saved["base"]), saved["sabotage"])
            wanted = Wanted(saved["minutes"], saved["sabotage"])
        except KeyError as error:
            raise ConfigError(f"run.json does not say all that is needed to go on: {error!r}") from None
        plan, settings = plan_of({**run.facts, "plan": {**saved, "arms": saved["base"]}}, matrix)
        lock = lock_of(run.facts.get("images") or {}, native_platform())
        ready = make_ready(plan, matrix, settings.threads, console, lock=lock, quiet=quiet)
        same_parts(run.facts, ready)
        return _carry_out(
            folder, plan, lineup, wanted, ready, settings, console, quiet=quiet, run=run, again=retry_failed
        )


def _carry_out(
    folder: Path,
    plan: Plan,
    lineup: Lineup,
    wanted: Wanted,
    ready: Ready,
    settings: Settings,
    console: Console,
    *,
    quiet: bool,
    run: Run | None = None,
    again: bool = False,
) -> Result:
    [cell] = plan.cells
    kept = {line["launch"]: line for line in run.launches} if run else {}
    throttles = Throttles(cache() / "selftest" / "machine")
    arms = make(lineup, ready.arms, cell.framework, throttles)
    watch = Watch(cpu_lists.parse(settings.cpus), throttles.root)
    progress = Progress(0, plan.blocks, console=console, quiet=quiet)
    blocks = Blocks(plan, lineup, wanted.minutes, kept, progress, again=again)
    advice = f"what was measured is kept: bench matrix resume {folder}"
    tally = Tally()
    try:
        with Journal(folder) as journal, progress:
            if run is None or cell.id not in run.stops:
                tally = execute(blocks, ready.prepared, arms, settings, journal.append, progress, watch)
                journal.append(blocks.stop())
            last = [todo for launch in lineup.sabotaged_launches(cell) if (todo := to_do(launch, kept, again=again))]
            progress.expect(progress.done + len(last), SABOTAGED)
            as_is = replace(settings, replace=False)
            more = execute(last, ready.prepared, arms, as_is, journal.append, progress, watch)
    except Interrupted as error:
        raise Interrupted(f"{error}; {advice}") from None
    except HostError as error:
        raise HostError(str(error), "; ".join(filter(None, (error.hint, advice)))) from error
    both = Tally(tally.ok + more.ok, tally.failed + more.failed, tally.replaced + more.replaced)
    return Result(settings.run_id, folder, both)
