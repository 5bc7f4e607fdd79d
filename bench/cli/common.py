"""Options that several commands share."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console

from bench.errors import ConfigError, HostError
from bench.terminal import short

if TYPE_CHECKING:
    from bench.running.stopping import Medians

Results = Annotated[Path, typer.Option("--results", help="Folder of the runs.", show_default=True)]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")]
Html = Annotated[Path | None, typer.Option("--html", help="Write one self-contained page here.")]
Svg = Annotated[Path | None, typer.Option("--svg", help="Write the figure here.")]
Png = Annotated[Path | None, typer.Option("--png", help="Write the figure here, two pixels a point.")]
RESULTS = Path("results")


def print_json(value: Any) -> None:
    """JSON on standard output, nothing else there."""
    typer.echo(json.dumps(value, indent=2))


def parse_bytes(text: str | None) -> int | None:
    """An amount of memory such as 512m, in bytes. Raises ConfigError."""
    if text is None:
        return None
    from docker.errors import DockerException
    from docker.utils import parse_bytes as parse

    try:
        limit = int(parse(text))
    except (DockerException, OverflowError, ValueError):
        limit = 0
    if limit <= 0:
        raise ConfigError(f"--memory: '{text}' is no amount of memory", "for example --memory 512m or --memory 2g")
    return limit


@contextmanager
def writing(path: Path, said: str | None = "wrote") -> Iterator[None]:
    """What is done inside writes this file; then it is `said` where. Raises HostError when it cannot be written."""
    try:
        yield
    except OSError as error:
        reason = error.strerror or error
        raise HostError(f"cannot write {path}: {reason}", "name a file in a folder that is there") from error
    if said:
        typer.echo(f"{said} {path}", err=True)


def warn(warnings: list[str]) -> None:
    """Say the first of what was left out or marked; names in it come from journals, so no control code passes."""
    for warning in warnings[:10]:
        typer.echo(f"left out or marked: {short(warning, 500)}", err=True)


def console() -> Console:
    """Where progress and remarks go: standard error, so that standard output is the result alone."""
    return Console(stderr=True)


def half_widths(medians: "Medians") -> Mapping[str, float | None]:
    """The one place where a run asks the analysis something; scipy takes a second to import, which others need not."""
    from analysis import stopping

    return stopping.half_widths(medians)
