"""`bench matrix clean`: remove what a killed run left behind."""

from typing import Annotated

import typer
from rich.console import Console

from bench.cli.common import RESULTS, AsJson, HostOption, Results, console, print_json
from bench.core.errors import HostError
from bench.journal.reader import read
from bench.run.machine import Machine, machine_at
from bench.run.run_folder import find_run


def clean(
    run: Annotated[str | None, typer.Argument(help="A run id, a folder, or `latest`; default: all runs.")] = None,
    host: HostOption = None,
    results: Results = RESULTS,
    as_json: AsJson = False,
) -> None:
    """Remove containers and partial files that a killed run left behind. Results are kept."""
    with machine_at(host) as machine:
        removed = remove_leftovers(read(find_run(results, run)).facts["run_id"] if run else None, machine, console())
    if as_json:
        print_json({"removed": removed})


def remove_leftovers(run_id: str | None, machine: Machine, say: Console) -> list[str]:
    """Remove and print leftover containers and files, of one run or of all. Returns their names."""
    from bench.run import cleanup

    with machine.reserved():
        removed = machine.tidy()
        try:
            client = machine.engine()
            removed += [*cleanup.containers(client, run_id), *machine.outdated(client)]
        except HostError as error:
            say.print(f"cannot search for containers: {error}", highlight=False, soft_wrap=True)
    for name in removed:
        say.print(f"removed {name}", highlight=False, soft_wrap=True)
    return removed
