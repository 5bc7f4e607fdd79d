"""`bench report`: what a run found, as a table, as JSON, or as one page."""

import re
from pathlib import Path
from typing import Annotated

import typer

from bench.cli.common import RESULTS, AsJson, Results
from bench.errors import ConfigError, HostError


def report(
    run: Annotated[str, typer.Argument(help="A run id, a folder, or `latest`.")],
    html: Annotated[Path | None, typer.Option("--html", help="Write one self-contained page here.")] = None,
    margin: Annotated[str, typer.Option("--margin", help="Within this, arms count as equivalent.")] = "5%",
    results: Results = RESULTS,
    as_json: AsJson = False,
) -> None:
    """What the launches of a run say: latencies, what the container costs, and how sure that is."""
    within = parse_margin(margin)
    # pandas, scipy and altair take a second to import, which `bench --help` should not
    from rich.console import Console

    from analysis.load import load
    from analysis.report import build
    from bench.journal import dumps, read
    from bench.runs import find_run

    found = read(find_run(results, run))
    loaded = load(found)
    answer = build(found, within, loaded)
    if as_json:
        typer.echo(dumps(answer, indent=2))
    else:
        from analysis.table import show

        show(answer, Console(highlight=False))
    if html is not None:
        from analysis.page import render

        try:
            html.write_text(render(answer, loaded.launches), encoding="utf-8")
        except OSError as error:
            raise HostError(
                f"cannot write {html}: {error.strerror}", "name a file in a folder that is there"
            ) from error
        typer.echo(f"page: {html}", err=True)


def parse_margin(text: str, option: str = "--margin") -> float:
    """`5%`, `5 %` or `0.05` → 0.05. Raises ConfigError for anything that is not between 0 and 100 %."""
    match = re.fullmatch(r"\s*(\d+\.?\d*|\.\d+)\s*(%?)\s*", text)
    value = float(match[1]) / (100 if match[2] else 1) if match else 0.0
    if not 0 < value < 1:
        raise ConfigError(f"{option} {text}: not between 0 and 100 %", f"for example {option} 5%")
    return value
