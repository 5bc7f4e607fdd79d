"""`bench measure overhead`: what a container costs, how sure that is, and where the difference comes from."""

import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from bench.cli.common import RESULTS, AsJson, Results, console, half_widths
from bench.cli.matrix.options import (
    ALL_ARMS,
    Arms,
    Blocks,
    Cpus,
    Device,
    Frameworks,
    Globs,
    HalfWidth,
    MaxBlocks,
    Models,
    Precisions,
    Profile,
    Quiet,
    Replace,
    Samples,
    Seed,
)
from bench.cli.matrix.request import cells_of, enough_of, parse_arms, plan_of
from bench.cli.measure.options import Out, Run
from bench.cli.measure.outputs import raise_failed, write
from bench.cli.report import parse_margin
from bench.core.matrix.plan import Selection

if TYPE_CHECKING:
    from analysis.studies.run_study import StudyAnswer

ARMS = f"{ALL_ARMS},ablations"
HALF_WIDTH = "1%"  # narrow enough for a verdict at ±5 % even next to the margin, and mostly for one at ±1 %
FOLDER = "overhead"  # below a run's: what was made of it


def overhead(
    device: Device = "host",
    framework: Frameworks = None,
    model: Models = None,
    precision: Precisions = None,
    select: Globs = None,
    arms: Arms = ARMS,
    profile: Profile = "default",
    half_width: HalfWidth = None,
    max_blocks: MaxBlocks = None,
    blocks: Blocks = None,
    samples: Samples = None,
    seed: Seed = None,
    instances: Annotated[
        str | None, typer.Option("--instances", help="Measure so many containers at once, too: 1,2,4.")
    ] = None,
    cpus: Cpus = None,
    replace: Replace = True,
    margin: Annotated[str, typer.Option("--margin", help="Within this, arms count as equivalent.")] = "5%",
    run: Run = None,
    out: Out = None,
    results: Results = RESULTS,
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """What does a container cost, how sure is that, and where does the cost come from?"""
    within = parse_margin(margin)
    if run is not None:
        from bench.run.run_folder import find_run

        answer(find_run(results, run), within, out, as_json=as_json)
        return
    from bench.cli.measure.interference import measure, parse_instances
    from bench.images.registry.lock import chosen_lock
    from bench.run import session

    counts = parse_instances(instances) if instances else []
    chosen = cells_of(device, framework, model, precision, select, seed)
    enough = enough_of(blocks, samples, half_width or (None if blocks else HALF_WIDTH), max_blocks)
    matrix, plan = plan_of(Selection(**chosen, **enough, arms=parse_arms(arms), profile=profile))
    options = session.Options(
        cpus=cpus,
        command=shlex.join(["bench", *sys.argv[1:]]),
        lock=chosen_lock(None, None),
        half_widths=half_widths,
        replace=replace,
    )
    done = session.start(plan, matrix, options, results, console(), quiet=quiet)
    more = _interference(measure(chosen, counts, options, results, quiet=quiet).folder) if counts else []
    answer(done.folder, within, out, more=more, as_json=as_json)
    raise_failed(done)


def answer(
    folder: Path, margin: float, out: Path | None, *, more: "list[StudyAnswer] | None" = None, as_json: bool = False
) -> None:
    """Print what a run says, and write its page and pictures. Raises HostError when they cannot be written."""
    # pandas, scipy and altair take a second to import, which `bench --help` should not
    from analysis.export.report_json import as_json as whole
    from analysis.html.report import render
    from analysis.report.evidence import gather
    from analysis.studies.overhead import overhead as answers_of
    from analysis.terminal.report_table import show
    from analysis.text.overhead_phrases import EXPLAINED
    from bench.journal.journal import dumps, read

    evidence = gather([read(folder)], margin)
    if as_json:
        typer.echo(dumps(whole(evidence), indent=2))
    else:
        screen = Console(highlight=False)
        for sentence in EXPLAINED:
            screen.print(sentence, style="dim")
        show(evidence.reports[0], screen)
    answers = [*answers_of(evidence), *(more or [])]
    write(out or folder / FOLDER, answers, render(evidence, answers))


def _interference(folder: Path) -> "list[StudyAnswer]":
    from analysis.report.interference import build
    from analysis.studies.overhead import interference
    from bench.journal.journal import read

    return list(interference(build(read(folder))))
