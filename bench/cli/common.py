"""Options that several commands share."""

import json
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from bench.errors import ConfigError

Results = Annotated[Path, typer.Option("--results", help="Folder of the runs.", show_default=True)]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")]
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


def console() -> Console:
    """Where progress and remarks go: standard error, so that standard output is the result alone."""
    return Console(stderr=True)
