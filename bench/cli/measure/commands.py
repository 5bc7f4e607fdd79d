"""`bench measure`: the commands put together, and the names that they had before."""

from collections.abc import Callable
from functools import wraps

import typer

from bench.cli.measure.interference import interference
from bench.cli.measure.overhead import overhead
from bench.cli.measure.selftest import selftest
from bench.cli.measure.thermal import thermal

# Name → its command, whose docstring begins with the question that it answers.
MEASUREMENTS: dict[str, Callable[..., None]] = {
    "overhead": overhead,
    "interference": interference,
    "thermal": thermal,
    "selftest": selftest,
}

app = typer.Typer(
    help="Answer one question by measuring. These commands launch inferences, for minutes to hours.",
    no_args_is_help=True,
)
for _name, _command in MEASUREMENTS.items():
    app.command(_name)(_command)


def old_name(old: str, name: str) -> Callable[..., None]:
    """The same command under the name that it had before, such as `study thermal`: it prints the new one first."""
    command = MEASUREMENTS[name]

    @wraps(command)
    def call(*args: object, **options: object) -> None:
        typer.echo(f"`bench {old}` has a new name: bench measure {name}", err=True)
        command(*args, **options)

    return call
