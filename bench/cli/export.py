"""`bench export`: a run in the formats of other tools."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bench.cli.common import RESULTS, Results
from bench.errors import ConfigError, HostError

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
    from analysis import export as tables
    from analysis.export_dashboard import dashboard as to_dashboard
    from analysis.export_pyperf import pyperf as to_pyperf
    from analysis.load import load
    from bench.journal import read
    from bench.runs import find_run

    found = read(find_run(results, run))
    loaded = load(found)

    def table() -> "pd.DataFrame":
        return tables.sample_table(found, loaded) if samples else tables.launch_table(found, loaded)

    if csv:
        _write(csv, lambda path: tables.write_csv(table(), path))
    if parquet:
        _write(parquet, lambda path: tables.write_parquet(table(), path))
    if pyperf:
        try:
            suite = to_pyperf(found, loaded, samples=samples)
        except ValueError as error:
            raise ConfigError(f"nothing for pyperf to read: {error}", "`bench report` says why") from None
        _write(pyperf, lambda path: path.write_text(json.dumps(suite), encoding="utf-8"))
    if dashboard:
        entries = to_dashboard(loaded)
        _write(dashboard, lambda path: path.write_text(json.dumps(entries, indent=2), encoding="utf-8"))
    for warning in loaded.warnings[:10]:
        typer.echo(f"left out or marked: {warning}", err=True)


def _write(path: Path, write: Callable[[Path], object]) -> None:
    try:
        write(path)
    except OSError as error:
        reason = error.strerror or error
        raise HostError(f"cannot write {path}: {reason}", "name a file in a folder that is there") from error
    typer.echo(f"wrote {path}", err=True)
