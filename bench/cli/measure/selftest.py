"""`bench measure selftest`: does the instrument find what is known, and what can this machine resolve?"""

import shlex
import sys
from dataclasses import replace as changed
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from bench.cli.common import RESULTS, AsJson, Results, console
from bench.cli.matrix.options import ALL_ARMS, Cpus, Device, Profile, Quiet, Replace, Seed
from bench.cli.matrix.request import parse_arms
from bench.cli.measure.options import Run
from bench.cli.measure.outputs import raise_failed
from bench.core.errors import ConfigError, SelftestFailed
from bench.core.matrix.plan import Plan, Selection, make_plan
from bench.core.matrix.schema import Matrix, load_matrix
from bench.core.suggest import nearest

MINUTES = 5.0


TestedArms = Annotated[
    str | None, typer.Option("--arms", help="Arms to test; default: all that this machine can launch.")
]
Minutes = Annotated[
    float | None, typer.Option("--minutes", min=0.1, help=f"Start new blocks for this long; default: {MINUTES:g}.")
]
TestedBlocks = Annotated[int | None, typer.Option("--blocks", min=2, help="Number of blocks, without a time limit.")]
Sabotage = Annotated[
    str | None, typer.Option("--sabotage", help="Disturb the measurement in this way: the self-test must fail.")
]


def selftest(
    device: Device = "host",
    framework: Annotated[str, typer.Option("--framework", help="The framework to run.")] = "onnxruntime",
    model: Annotated[str, typer.Option("--model", help="The model to run; a fast one resolves more.")] = "cifarnet",
    arms: TestedArms = None,
    profile: Profile = "default",
    minutes: Minutes = None,
    blocks: TestedBlocks = None,
    sabotage: Sabotage = None,
    seed: Seed = None,
    cpus: Cpus = None,
    replace: Replace = True,
    run: Run = None,
    results: Results = RESULTS,
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """Does the instrument find equal arms equal, find known slowdowns, and notice sabotage?"""
    if run is not None:
        from bench.run.run_folder import find_run

        answer(find_run(results, run), as_json=as_json)
        return
    from bench.images.registry.lock import chosen_lock
    from bench.run import session
    from bench.run.experiments.selftest import Wanted, start
    from bench.run.experiments.selftest_arms import SABOTAGES, possible
    from bench.run.experiments.selftest_blocks import MOST

    if minutes is not None and blocks is not None:
        raise ConfigError("--minutes and --blocks are both given", "either the time or the number decides")
    if sabotage is not None and sabotage not in SABOTAGES:
        raise ConfigError(
            f"unknown sabotage '{sabotage}': {nearest(sabotage, SABOTAGES)}", "docs/method.md says what each does"
        )
    matrix = load_matrix()
    wanted = Selection(
        device=device,
        frameworks=[framework],
        models=[model],
        arms=parse_arms(arms or ALL_ARMS),
        profile=profile,
        blocks=blocks or MOST,
        seed=seed,
    )
    plan = _plan(wanted, matrix, chosen=arms is not None)
    if sabotage is not None and not possible(sabotage, plan.arms):
        raise ConfigError(f"the sabotage {sabotage} is one of the container arm", "add it with --arms")
    options = session.Options(
        cpus=cpus, command=shlex.join(["bench", *sys.argv[1:]]), lock=chosen_lock(None, None), replace=replace
    )
    limit = None if blocks else minutes or MINUTES
    done = start(plan, Wanted(limit, sabotage), matrix, options, results, console(), quiet=quiet)
    answer(done.folder, as_json=as_json)
    raise_failed(done)


def _plan(wanted: Selection, matrix: Matrix, *, chosen: bool) -> Plan:
    """The plan of one cell. Unless arms were chosen, those that cannot be launched from here are left out, and told."""
    plan = make_plan(matrix, wanted)
    cell = plan.cells[0]
    possible, reasons = list(plan.arms_of(cell.framework)), dict(plan.armless.get(cell.framework, {}))
    if not chosen:
        from bench.hosts.nested import find_obstacle
        from bench.images import engine

        found = engine.find()
        for arm in list(possible):
            why = "no Docker engine answers" if found is None and arm != "native" else find_obstacle(arm, found)
            if why:
                possible.remove(arm)
                reasons[arm] = why
    for arm, why in reasons.items():
        console().print(f"left out: the {arm} arm: {why}", highlight=False, soft_wrap=True)
    if not possible:
        raise ConfigError("no arm can be launched from here", "docs/user.md says what each arm needs")
    return changed(plan, arms=tuple(possible), cells=(cell,), armless={})


def answer(folder: Path, *, as_json: bool = False) -> None:
    """Print what a self-test found. Raises ConfigError for a run of another kind, SelftestFailed."""
    from analysis.experiments.selftest import FAILED, UNFINISHED, build
    from analysis.experiments.selftest_table import show
    from bench.journal.journal import dumps, read
    from bench.run.experiments.selftest import STUDY

    found = read(folder)
    if (found.facts.get("plan") or {}).get("study") != STUDY:
        raise ConfigError(f"{folder} is no self-test", "`bench report` shows any run")
    report = build(found)
    if as_json:
        typer.echo(dumps(report, indent=2))
    else:
        show(report, Console(highlight=False))
        typer.echo(f"kept in {folder}")
    if report["verdict"] == FAILED:
        names = [check["name"] for check in report["checks"] if check["failed"]]
        raise SelftestFailed(f"the self-test failed: {'; '.join(names)}", "docs/method.md says what each check means")
    if report["verdict"] == UNFINISHED:
        raise SelftestFailed("the self-test was cut short", f"bench matrix resume {folder}")
