"""`bench matrix`: plan, run, resume and clean."""

import typer

from bench.cli.common import print_json
from bench.cli.matrix.clean import clean
from bench.cli.matrix.plan import plan
from bench.cli.matrix.resume import resume
from bench.cli.matrix.run import run
from bench.core.matrix.schema import matrix_schema

app = typer.Typer(help="Plan, run and resume the matrix of cells.", no_args_is_help=True)


def schema() -> None:
    """Print the JSON Schema of matrix.yaml, which docs/matrix.schema.json holds."""
    print_json(matrix_schema())


app.command()(plan)
app.command()(run)
app.command()(resume)
app.command()(clean)
app.command(hidden=True)(schema)
