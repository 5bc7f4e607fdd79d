"""`bench measure interference`: several containers of a cell at once, on CPUs of their own and on the same ones."""

import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console

from bench.cli.common import RESULTS, AsJson, Results, console
from bench.cli.matrix.options import Cpus, Device, Frameworks, Globs, Models, Precisions, Quiet, Seed
from bench.cli.matrix.request import cells_of, plan_of
from bench.cli.measure.options import Out, Run
from bench.cli.measure.outputs import raise_failed, write
from bench.core.errors import ConfigError
from bench.core.matrix.plan import Selection

if TYPE_CHECKING:
    from bench.run.session import Options, Result

BLOCKS, SECONDS = 10, 5.0
MOST_INSTANCES = 64


def interference(
    instances: Annotated[str, typer.Option("--instances", help="How many at once: a list of numbers.")] = "1,2,4",
    device: Device = "host",
    framework: Frameworks = None,
    model: Models = None,
    precision: Precisions = None,
    select: Globs = None,
    blocks: Annotated[int, typer.Option("--blocks", min=1, help="Groups of each setup.")] = BLOCKS,
    seconds: Annotated[float, typer.Option("--seconds", min=0.5, help="How long each instance is timed.")] = SECONDS,
    seed: Seed = None,
    cpus: Cpus = None,
    run: Run = None,
    out: Out = None,
    results: Results = RESULTS,
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """What do several containers at once cost one another, in throughput and latency?"""
    from bench.images.registry.lock import chosen_lock
    from bench.run import session
    from bench.run.run_folder import find_run

    counts = parse_instances(instances)
    if run is not None:
        answer(find_run(results, run), out, as_json=as_json)
        return
    chosen = cells_of(device, framework, model, precision, select, seed)
    options = session.Options(cpus=cpus, command=shlex.join(["bench", *sys.argv[1:]]), lock=chosen_lock(None, None))
    done = measure(chosen, counts, options, results, blocks=blocks, seconds=seconds, quiet=quiet)
    answer(done.folder, out, as_json=as_json)
    raise_failed(done)


def measure(
    chosen: dict[str, Any],
    instances: list[int],
    options: "Options",
    results: Path,
    *,
    blocks: int = BLOCKS,
    seconds: float = SECONDS,
    quiet: bool,
) -> "Result":
    """Carry out a run for these cells (the fields of a selection)."""
    from bench.run.experiments.interference import Wanted, start

    matrix, plan = plan_of(Selection(**chosen | {"arms": ["container"], "blocks": blocks}))
    wanted = Wanted(instances=instances, seconds=seconds)
    return start(plan, wanted, matrix, options, results, console(), quiet=quiet)


def parse_instances(text: str) -> list[int]:
    """`1,2,4` → [1, 2, 4]; 1 is added, since all others are compared with it. Raises ConfigError."""
    parts = [part.strip() for part in text.split(",")]
    if not all(part.isdecimal() and 1 <= int(part) <= MOST_INSTANCES for part in parts):
        raise ConfigError(
            f"--instances {text}: not numbers from 1 to {MOST_INSTANCES}", "for example --instances 1,2,4"
        )
    return sorted({1, *map(int, parts)})


def answer(folder: Path, out: Path | None, *, as_json: bool = False) -> None:
    """Print what a run says and write its pictures. Raises ConfigError for a run of another kind, HostError."""
    from analysis.report.interference import build
    from analysis.studies.overhead import interference as answers_of
    from analysis.terminal.interference_table import show
    from bench.journal.journal import dumps, read
    from bench.run.experiments.interference import STUDY

    found = read(folder)
    if (found.facts.get("plan") or {}).get("study") != STUDY:
        raise ConfigError(f"{folder} is no run of `bench measure interference`", "`bench report` shows any run")
    report = build(found)
    if as_json:
        typer.echo(dumps(report, indent=2))
    else:
        show(report, Console(highlight=False))
    write(out or folder / STUDY, list(answers_of(report)))
