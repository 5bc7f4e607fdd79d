"""`bench study`: questions that a whole run is made to answer."""

import typer

from bench.cli.interference import interference
from bench.cli.overhead import overhead

app = typer.Typer(help="Make a run that answers one question, and say the answer.", no_args_is_help=True)
app.command("overhead")(overhead)
app.command("interference")(interference)
