"""Options that several commands share."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console

if TYPE_CHECKING:
    from bench.stopping import Medians

Results = Annotated[Path, typer.Option("--results", help="Folder of the runs.", show_default=True)]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")]
RESULTS = Path("results")


def print_json(value: Any) -> None:
    """JSON on standard output, nothing else there."""
    typer.echo(json.dumps(value, indent=2))


def console() -> Console:
    """Where progress and remarks go: standard error, so that standard output is the result alone."""
    return Console(stderr=True)


def half_widths(medians: "Medians") -> Mapping[str, float | None]:
    """The one place where a run asks the analysis something; scipy takes a second to import, which others need not."""
    from analysis import stopping

    return stopping.half_widths(medians)
