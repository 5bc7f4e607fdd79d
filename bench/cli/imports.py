"""`bench import`: what other programs measured, as a run that `bench report` and `bench compare` show."""

import re
from pathlib import Path
from typing import Annotated

import typer

from bench.cli.common import RESULTS, AsJson, Results, print_json
from bench.errors import ConfigError
from bench.names import nearest

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
    from analysis.exporting.imports import SCRIPTS, read_printed, write_imported
    from bench.running.runs import new_run_id

    if framework not in SCRIPTS:
        raise ConfigError(f"edgeBench has no script for '{framework}': {nearest(framework, SCRIPTS)}")
    if not re.fullmatch(r"[a-z0-9][a-z0-9.-]*", device):
        raise ConfigError(f"--device {device}: not a name", "small letters, digits, dots and dashes: jetson-tx2")
    means, left_out = read_printed(file)
    folder = results / new_run_id()
    write_imported(folder, means, source=file, script=framework, device=device, inferences=inferences)
    for text in left_out:
        typer.echo(f"left out: {text}", err=True)
    if as_json:
        print_json({"run_id": folder.name, "path": str(folder), "means": len(means), "left_out": left_out})
    else:
        typer.echo(f"{len(means)} means kept, {len(left_out)} lines left out: {folder}")
