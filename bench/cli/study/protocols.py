"""`bench study protocols`: what the 2019 study's protocol, MLPerf's and ours conclude of a cell, side by side."""

from typing import Annotated

import typer
from rich.console import Console

from bench.cli.common import RESULTS, AsJson, Results
from bench.run.run_folder import find_run


def protocols(
    runs: Annotated[list[str], typer.Argument(help="Runs (an id, a folder, `latest`), of different profiles.")],
    results: Results = RESULTS,
    as_json: AsJson = False,
) -> None:
    """What do the protocols of different runs conclude of a cell, and after how long?"""
    from analysis.studies.protocols import build
    from analysis.terminal.protocols_table import show
    from bench.journal.journal import dumps, read

    report = build([read(find_run(results, name)) for name in runs])
    if as_json:
        typer.echo(dumps(report, indent=2))
    else:
        show(report, Console(highlight=False))
