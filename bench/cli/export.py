"""`bench export`: a run in the formats of other tools."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bench.cli.common import RESULTS, Results, warn, writing
from bench.errors import ConfigError

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
    from analysis.exporting import export as tables
    from analysis.exporting.export_dashboard import dashboard as to_dashboard
    from analysis.exporting.export_pyperf import pyperf as to_pyperf
    from analysis.load import load
    from bench.results.journal import read
    from bench.running.runs import find_run

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
