"""`bench`: the commands put together, and the one place where the program ends."""

import signal
import sys
from types import FrameType
from typing import Annotated, NoReturn

import typer
from docker.errors import DockerException
from requests import RequestException
from rich.console import Console

from bench.cli import compose, devices
from bench.cli.compare import compare
from bench.cli.doctor import doctor
from bench.cli.export import app as imports
from bench.cli.export import export
from bench.cli.images.commands import app as images
from bench.cli.matrix.commands import app as matrix
from bench.cli.measure.commands import app as measure
from bench.cli.measure.commands import old_name
from bench.cli.models.commands import app as models
from bench.cli.recommend import recommend
from bench.cli.report import report
from bench.cli.study.commands import app as study
from bench.core.errors import BenchError, HostError, Interrupted
from bench.core.version import versions

EPILOG = (
    "Exit codes: 0 done, 2 usage or configuration, 3 no engine or a host that cannot do it, "
    "4 some cells failed or cannot be compared, or no choice is left, 5 a regression (bench compare), 130 interrupted."
)

app = typer.Typer(
    help="Measure how deep networks run on edge devices, and what running them in a container costs.",
    epilog=EPILOG,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)


def _show_version(wanted: bool) -> None:
    if wanted:
        found = versions()
        commit = f", commit {found['git']}" if found["git"] else ""
        typer.echo(f"bench {found['bench']}, protocol {found['protocol']}{commit}")
        raise typer.Exit


@app.callback()
def _before_all(
    version: Annotated[
        bool,
        typer.Option("--version", help="Show the version and the commit.", is_eager=True, callback=_show_version),
    ] = False,
) -> None:
    """Options of the program itself; the help is the app's own."""


app.add_typer(matrix, name="matrix")
app.add_typer(images, name="images")
app.add_typer(models, name="models")
app.add_typer(devices.app, name="devices")
app.command("doctor")(doctor)
app.command("selftest", hidden=True)(old_name("selftest", "selftest"))
app.command("report")(report)
app.add_typer(measure, name="measure")
app.add_typer(study, name="study")
app.command("recommend")(recommend)
app.command("compare")(compare)
app.command("export")(export)
app.add_typer(imports, name="import")
app.add_typer(compose.app, name="compose")


def main() -> NoReturn:
    """Run the command line and exit with the code of what came of it."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _interrupt)
    try:
        app()
        sys.exit(0)
    except BenchError as error:
        _complain(str(error), error.hint)
        sys.exit(error.exit_code)
    except Interrupted as error:
        _complain(str(error) or "interrupted", None)
        sys.exit(error.exit_code)
    except (OSError, DockerException, RequestException) as error:  # no one foresaw it: still no traceback
        _complain(f"the host or its engine refused: {error}", "is there room, permission and an engine?")
        sys.exit(HostError.exit_code)


def _interrupt(number: int, _frame: FrameType | None) -> NoReturn:
    raise Interrupted(f"interrupted by {signal.Signals(number).name}")


def _complain(message: str, hint: str | None) -> None:
    console = Console(stderr=True, soft_wrap=True, highlight=False)
    console.print("[bold red]error:[/]", end=" ")
    console.print(message, markup=False)
    if hint:
        console.print(f"  → {hint}", markup=False)


if __name__ == "__main__":
    main()
