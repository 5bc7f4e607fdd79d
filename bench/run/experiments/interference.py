"""A run of several containers at once, from its plan to its last group, and the same run taken up again."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from rich.console import Console

from bench.arms.container import ContainerArm
from bench.artifacts.request import Prepared
from bench.core import cpus as cpu_lists
from bench.core.errors import ConfigError, HostError, Interrupted
from bench.core.matrix.plan import Plan
from bench.core.matrix.schema import Bounds, Matrix
from bench.core.version import now, versions
from bench.hosts.host import this_machine
from bench.hosts.provenance import board, host
from bench.images import engine as engines
from bench.images.local import Image, native_platform
from bench.images.registry.lock import lock_of
from bench.journal.journal import Journal, read, write_run
from bench.journal.reader import SCHEMA
from bench.run.execute import Settings, Tally
from bench.run.experiments.groups import Group, Setup, Together, groups, setups
from bench.run.lock import reserved
from bench.run.prepare import Ready, disagreeing, forced_of, make_ready, told
from bench.run.progress import Progress
from bench.run.requests import prepare_requests
from bench.run.run_folder import new_run_id, plan_facts, plan_of
from bench.run.session import Options, Result, same_parts

STUDY = "interference"
WARMUP_S = 1.0  # containers start one after another: the first must still be at work when the last begins


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What is asked: numbers of instances, and for how many seconds each is timed."""

    instances: Sequence[int]
    seconds: float = 5.0


def start(
    plan: Plan, wanted: Wanted, matrix: Matrix, options: Options, results: Path, console: Console, *, quiet: bool
) -> Result:
    """Carry out a new run. `plan` says cells, blocks and seed. Raises HostError when something is missing."""
    chosen = cpu_lists.parse(options.cpus) if options.cpus else cpu_lists.allowed()
    possible, absent = setups(wanted.instances, chosen)
    if not possible:
        raise ConfigError("no number of instances is asked for", "for example --instances 1,2,4")
    for why in absent.values():
        console.print(f"left out: {why}", highlight=False)
    plan = replace(
        plan,
        arms=("container",),
        warmup=plan.warmup.model_copy(update={"seconds": WARMUP_S}),
        stop=Bounds(iterations=1, seconds=wanted.seconds, max_iterations=10**6),
    )
    settings = Settings(
        run_id=new_run_id(),
        cpus=cpu_lists.show(chosen),
        threads=len(chosen),
        timeout=options.timeout,
        memory=options.memory,
        replace=False,
    )
    with reserved():
        forced = disagreeing(plan, matrix, force=options.force)
        ready = make_ready(plan, matrix, settings.threads, console, forced, lock=options.lock, quiet=quiet)
        folder = results / settings.run_id
        planned = list(groups(plan.cells, possible, plan.blocks, plan.seed))
        write_run(
            folder,
            {
                "schema": SCHEMA,
                "run_id": settings.run_id,
                "created": now(),
                "command": options.command,
                "versions": versions(),
                "seed": plan.seed,
                "plan": plan_facts(plan, settings)
                | {
                    "study": STUDY,
                    "instances": list(wanted.instances),
                    "arms": [arm for setup in possible for arm in setup.arms],
                    "setups": {setup.name: list(setup.cpus) for setup in possible},
                    "absent": absent,
                    "launches": [launch.id for group in planned for launch in group.launches],
                },
                "host": host(ready.engine) | board(this_machine()),
                "images": ready.images,
                "artifacts": ready.artifacts,
                "recipes": ready.recipes,
                "given": ready.given,
                "forced": told(forced),
            },
        )
        return _carry_out(folder, planned, plan, ready, settings, matrix, forced, console, quiet=quiet)


def resume(folder: Path, matrix: Matrix, console: Console, *, quiet: bool, retry_failed: bool) -> Result:
    """Launch the groups that the journal does not have whole. Raises as session.resume does."""
    with reserved():
        run = read(folder)
        saved = run.facts["plan"]
        possible = [Setup(name, tuple(cpus)) for name, cpus in saved["setups"].items()]
        plain = {**run.facts, "plan": {**saved, "arms": ["container"], "launches": None}}
        plan, settings = plan_of(plain, matrix)
        planned = list(groups(plan.cells, possible, plan.blocks, plan.seed))
        if [launch.id for group in planned for launch in group.launches] != saved["launches"]:
            raise ConfigError("the order of launches in run.json is not what this version makes of its seed")
        lines = {line["launch"]: line for line in run.launches}
        todo = [group for group in planned if not _whole(group, lines, retry_failed=retry_failed)]
        attempts = {name: line["attempt"] for name, line in lines.items()}
        lock = lock_of(run.facts.get("images") or {}, native_platform())
        forced = forced_of(run.facts)
        ready = make_ready(plan, matrix, settings.threads, console, forced, lock=lock, quiet=quiet)
        same_parts(run.facts, ready)
        return _carry_out(folder, todo, plan, ready, settings, matrix, forced, console, quiet=quiet, attempts=attempts)


def _whole(group: Group, lines: dict[str, Any], *, retry_failed: bool) -> bool:
    found = [lines.get(launch.id) for launch in group.launches]
    return all(line and not (retry_failed and line["status"] == "failed") for line in found)


def _carry_out(
    folder: Path,
    todo: Sequence[Group],
    plan: Plan,
    ready: Ready,
    settings: Settings,
    matrix: Matrix,
    forced: Collection[str],
    console: Console,
    *,
    quiet: bool,
    attempts: dict[str, int] | None = None,
) -> Result:
    together = Together(_images(ready), _requests(todo, plan, matrix, ready, forced), settings, _arm)
    tally, before = Tally(), attempts or {}
    progress = Progress(sum(len(group.launches) for group in todo), plan.blocks, console=console, quiet=quiet)
    advice = f"what was measured is kept: bench matrix resume {folder}"
    try:
        with Journal(folder) as journal, progress:
            for group in todo:
                progress.begin(group.launches[0])
                attempt = 1 + max(before.get(launch.id, 0) for launch in group.launches)
                for line in together.launch(group, attempt):
                    journal.append(line)
                    tally.count(line)
                    progress.end(line)
    except Interrupted as error:
        raise Interrupted(f"{error}; {advice}") from None
    except HostError as error:
        raise HostError(str(error), "; ".join(filter(None, (error.hint, advice)))) from error
    return Result(settings.run_id, folder, tally)


def _requests(
    todo: Sequence[Group], plan: Plan, matrix: Matrix, ready: Ready, forced: Collection[str]
) -> dict[tuple[str, int], Prepared]:
    grants = {each.cell.framework: each.grant for each in ready.prepared.values()}
    counts = {len(cpu_lists.parse(cpus)) for group in todo for cpus in group.setup.cpus}
    return {
        (cell, threads): prepared
        for threads in sorted(counts)
        for cell, prepared in prepare_requests(plan, matrix, threads, grants, forced).items()
    }


def _images(ready: Ready) -> dict[str, str]:
    return {name: facts["digest"] for name, facts in ready.images.items()}


def _arm() -> ContainerArm:
    """A container arm with a connection of its own: the SDK's are not for several threads."""
    return ContainerArm(engines.connect(), _known)


def _known(framework: str) -> Image:
    raise AssertionError(f"the image of {framework} was found before")
