"""Options that several measuring commands declare."""

from pathlib import Path
from typing import Annotated

import typer

Run = Annotated[
    str | None, typer.Option("--run", help="Measure nothing: show the result of this run (an id, or `latest`).")
]
Out = Annotated[Path | None, typer.Option("--out", help="Folder for the page and figures; default: the run's own.")]
