"""`bench export`: a run in the formats of other tools."""

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bench.cli.common import RESULTS, AsJson, Results, print_json, warn, writing
from bench.core.errors import ConfigError
from bench.core.suggest import nearest

if TYPE_CHECKING:
    import pandas as pd


def export(
    run: Annotated[str, typer.Argument(help="A run id, a folder, or `latest`.")],
    csv: Annotated[Path | None, typer.Option("--csv", help="Write one row a launch here.")] = None,
    parquet: Annotated[Path | None, typer.Option("--parquet", help="The same with typed columns.")] = None,
    pyperf: Annotated[Path | None, typer.Option("--pyperf", help="Write what `python -m pyperf` reads.")] = None,
    dashboard: Annotated[
        Path | None, typer.Option("--dashboard", help="Write what github-action-benchmark draws.")
    ] = None,
    samples: Annotated[
        bool, typer.Option("--samples", help="In --csv and --parquet one row an inference; in --pyperf all values.")
    ] = False,
    results: Results = RESULTS,
) -> None:
    """Write a run for other tools (docs/results.md lists the columns)."""
    if not any((csv, parquet, pyperf, dashboard)):
        raise ConfigError("nothing to write", "name a file: --csv, --parquet, --pyperf or --dashboard FILE")
    from analysis.data.launches import load
    from analysis.export import tables
    from analysis.export.dashboard import dashboard as to_dashboard
    from analysis.export.pyperf import pyperf as to_pyperf
    from bench.journal.journal import read
    from bench.run.run_folder import find_run

    found = read(find_run(results, run))
    loaded = load(found)

    def table() -> "pd.DataFrame":
        return tables.sample_table(found, loaded) if samples else tables.launch_table(found, loaded)

    if csv:
        with writing(csv):
            tables.write_csv(table(), csv)
    if parquet:
        with writing(parquet):
            tables.write_parquet(table(), parquet)
    if pyperf:
        try:
            suite = to_pyperf(found, loaded, samples=samples)
        except ValueError as error:
            raise ConfigError(f"nothing for pyperf to read: {error}", "`bench report` says why") from None
        with writing(pyperf):
            pyperf.write_text(json.dumps(suite), encoding="utf-8")
    if dashboard:
        entries = to_dashboard(loaded)
        with writing(dashboard):
            dashboard.write_text(json.dumps(entries, indent=2), encoding="utf-8")
    warn(loaded.warnings)


app = typer.Typer(help="Make a run of what another program printed.", no_args_is_help=True)


@app.callback()
def imports() -> None:
    """Make a run of what another program printed."""


@app.command()
def edgebench(
    file: Annotated[Path, typer.Argument(help="What the scripts of edgeBench printed.")],
    framework: Annotated[str, typer.Option("--framework", help="Whose script: pytorch, tensorflow or caffe.")],
    device: Annotated[str, typer.Option("--device", help="Name of the board that they ran on.")],
    inferences: Annotated[
        int | None, typer.Option("--inferences", min=1, help="Their `--iteration`, 1000 unless it was given.")
    ] = None,
    results: Results = RESULTS,
    as_json: AsJson = False,
) -> None:
    """Keep the means that the 2019 code printed. They are no launches: there is no interval and no verdict."""
    from analysis.export.imports import SCRIPTS, read_printed, write_means
    from bench.run.run_folder import new_run_id

    if framework not in SCRIPTS:
        raise ConfigError(f"edgeBench has no script for '{framework}': {nearest(framework, SCRIPTS)}")
    if not re.fullmatch(r"[a-z0-9][a-z0-9.-]*", device):
        raise ConfigError(f"--device {device}: not a name", "small letters, digits, dots and dashes: jetson-tx2")
    means, left_out = read_printed(file)
    folder = results / new_run_id()
    write_means(folder, means, source=file, script=framework, device=device, inferences=inferences)
    for text in left_out:
        typer.echo(f"left out: {text}", err=True)
    if as_json:
        print_json({"run_id": folder.name, "path": str(folder), "means": len(means), "left_out": left_out})
    else:
        typer.echo(f"{len(means)} means kept, {len(left_out)} lines left out: {folder}")
