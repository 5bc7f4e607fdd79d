"""`bench report`: what runs found, as a table, as JSON, as Markdown, as pictures, or as one page."""

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bench.cli.common import RESULTS, AsJson, Html, Results, writing
from bench.core.errors import ConfigError

if TYPE_CHECKING:
    from analysis.report.evidence import Evidence


def report(
    runs: Annotated[list[str], typer.Argument(metavar="RUN", help="Run ids, folders, or `latest`.")],
    html: Html = None,
    markdown: Annotated[Path | None, typer.Option("--markdown", help="Write Markdown, for a pull request.")] = None,
    figures: Annotated[Path | None, typer.Option("--figures", help="Write each figure into this folder.")] = None,
    margin: Annotated[str, typer.Option("--margin", help="Within this, arms count as equivalent.")] = "5%",
    watch: Annotated[bool, typer.Option("--watch", help="Write the page again whenever a run has grown.")] = False,
    every: Annotated[int, typer.Option("--every", min=1, max=3600, help="Seconds between looks, with --watch.")] = 30,
    results: Results = RESULTS,
    as_json: AsJson = False,
) -> None:
    """What the launches of runs say: the best frameworks, what the container costs, and how sure that is."""
    within = parse_margin(margin)
    if watch:
        if html is None or as_json or markdown or figures:
            raise ConfigError("--watch writes a page and nothing else", "bench report RUN --watch --html FILE")
        _watch(runs, html, within, every, results)
        return
    # pandas, scipy and altair take a second to import, which `bench --help` should not
    from rich.console import Console

    from bench.journal.journal import dumps

    evidence = _gather(runs, within, results)
    if as_json:
        from analysis.export.report_json import as_json as whole

        typer.echo(dumps(whole(evidence), indent=2))
    else:
        from analysis.terminal.report_table import show_all

        show_all(evidence, Console(highlight=False))
    if markdown is not None:
        from analysis.export.report_markdown import markdown as as_markdown

        with writing(markdown):
            markdown.write_text(as_markdown(evidence), encoding="utf-8")
    if html is None and figures is None:
        return
    from analysis.html.report import answer_studies, render

    answers = answer_studies(evidence)
    if figures is not None:
        from analysis.charts.vega import save

        with writing(figures, "figures:"):
            figures.mkdir(parents=True, exist_ok=True)
            for study, answer in answers:
                for ending in ("png", "svg"):
                    save(answer.figure, figures / f"{study.name}.{ending}")
    if html is not None:
        with writing(html, "page:"):
            html.write_text(render(evidence, answers), encoding="utf-8")


def _gather(names: list[str], margin: float, results: Path) -> "Evidence":
    from analysis.report.evidence import gather
    from bench.journal.journal import read
    from bench.run.run_folder import find_run

    return gather([read(find_run(results, name)) for name in names], margin)


def _watch(names: list[str], html: Path, margin: float, every: int, results: Path) -> None:
    """Until every planned launch is in the journals, or Ctrl-C."""
    from analysis.html.report import render
    from bench.journal.follow import growth, is_whole, stand_back
    from bench.run.run_folder import find_run

    folders = [find_run(results, name) for name in names]
    stand_back()
    typer.echo(f"page: {html}, written again when a run has grown; looking every {every} s", err=True)
    typer.echo("it takes some seconds of CPU each time, at the lowest priority: best on another machine", err=True)
    for _ in growth(folders, every):
        evidence = _gather(list(map(str, folders)), margin, results)
        done = all(is_whole(run) for run in evidence.runs)
        draft = html.with_name(f".{html.name}.{os.getpid()}")
        page = render(evidence, refresh=None if done else every)
        try:
            with writing(html, said=None):
                draft.write_text(page, encoding="utf-8")
                draft.replace(html)  # a browser that reads just now sees a whole page
        finally:
            draft.unlink(missing_ok=True)
        if done:
            typer.echo("every planned launch is there: the page is complete", err=True)
            return


def parse_margin(text: str, option: str = "--margin") -> float:
    """`5%`, `5 %` or `0.05` → 0.05. Raises ConfigError for anything that is not between 0 and 100 %."""
    match = re.fullmatch(r"\s*(\d+\.?\d*|\.\d+)\s*(%?)\s*", text)
    value = float(match[1]) / (100 if match[2] else 1) if match else 0.0
    if not 0 < value < 1:
        raise ConfigError(f"{option} {text}: not between 0 and 100 %", f"for example {option} 5%")
    return value
