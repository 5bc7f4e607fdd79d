"""`bench compare`: two runs, cell by cell; its exit code is a gate for CI."""

from pathlib import Path
from typing import Annotated

import typer

from bench.cli.common import RESULTS, AsJson, Results, writing
from bench.cli.report import parse_margin
from bench.core.errors import CellsFailed, ConfigError, Regression


def compare(
    a: Annotated[str, typer.Argument(metavar="A", help="The run before: a run id, a folder, or `latest`.")],
    b: Annotated[str, typer.Argument(metavar="B", help="The run after, or that of the other board.")],
    threshold: Annotated[str, typer.Option("--threshold", help="Slower by more than this is a regression.")] = "5%",
    margin: Annotated[str, typer.Option("--margin", help="Within this, runs count as equivalent.")] = "5%",
    across: Annotated[
        list[str] | None,
        typer.Option("--across", help="Compare although these differ: hosts, resources, artifacts, runners."),
    ] = None,
    as_markdown: Annotated[bool, typer.Option("--markdown", help="Print Markdown instead of text.")] = False,
    junit: Annotated[Path | None, typer.Option("--junit", help="Write JUnit XML here.")] = None,
    results: Results = RESULTS,
    as_json: AsJson = False,
) -> None:
    """What changed from run A to run B, and how sure that is. Exits 5 on a regression beyond --threshold."""
    if as_json and as_markdown:
        raise ConfigError("--json and --markdown are both asked for", "standard output holds one of them")
    within, beyond = parse_margin(margin), parse_threshold(threshold)
    # pandas and scipy take a second to import, which `bench --help` should not
    from analysis.compare.compare import build
    from analysis.compare.phrases import plain_threshold, regressions, unjudged
    from bench.journal.journal import dumps, read
    from bench.run.run_folder import find_run

    runs = [read(find_run(results, name)) for name in (a, b)]
    answer = build(*runs, margin=within, threshold=beyond, across=across or ())
    if as_json:
        typer.echo(dumps(answer, indent=2))
    elif as_markdown:
        from analysis.compare.markdown import markdown

        typer.echo(markdown(answer), nl=False)
    else:
        from rich.console import Console

        from analysis.compare.table import show

        show(answer, Console(highlight=False))
    if junit is not None:
        from analysis.compare.junit import write_junit

        with writing(junit):
            write_junit(answer, junit)
    if slower := regressions(answer):
        raise Regression(
            "\n".join([f"slower by more than {plain_threshold(beyond)}:", *slower[:10]]),
            "`bench report` of B shows its launches; --threshold sets how much is too much",
        )
    if without := unjudged(answer):
        raise CellsFailed(
            "\n".join(["not all could be compared:", *without[:10]]), "docs/continuous.md says what to do"
        )


def parse_threshold(text: str) -> float:
    """Like a margin, and 0 % as well: every slowdown that is sure."""
    if text.strip() in ("0", "0%", "0 %"):
        return 0.0
    try:
        return parse_margin(text)
    except ConfigError:
        raise ConfigError(
            f"--threshold {text}: not between 0 and 100 %", "for example --threshold 5%, or 0.05"
        ) from None
