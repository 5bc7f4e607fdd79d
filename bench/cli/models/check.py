"""`bench models`: check and table: which framework runs which model, and how near its outputs are to the reference."""

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.measure import Measurement
from rich.table import Column, Table

from bench.artifacts.store import Store
from bench.artifacts.user_models import with_user_models
from bench.cli.common import AsJson, console, parse_bytes, print_json
from bench.cli.models import tables
from bench.core.errors import CellsFailed, ConfigError
from bench.core.matrix.plan import Plan, Selection, make_plan
from bench.core.matrix.schema import load_matrix
from bench.core.paths import model_store
from bench.core.terminal import safe, say
from bench.verification.compatibility import (
    SIGNS,
    Row,
    describe_limits,
    describe_stale,
    earlier_rows,
    merge_earlier,
    name_of,
    page,
    rows,
)
from bench.verification.verdicts import TIMEOUT, Checks, Limits

app = typer.Typer()

Names = Annotated[list[str] | None, typer.Argument(help="Models; default: all.")]
Frameworks = Annotated[list[str] | None, typer.Option("--framework", help="Only this one; may be repeated.")]
Precisions = Annotated[
    list[str] | None, typer.Option("--precision", help="fp32, fp16 or int8; default: all; may be repeated.")
]
Again = Annotated[bool, typer.Option("--again", help="Re-check artifacts that already have a verdict.")]
Timeout = Annotated[float, typer.Option("--timeout", min=1, help="Stop a check after this many seconds.")]
Memory = Annotated[str | None, typer.Option("--memory", help="Memory limit of a container, for example 1g.")]
ALL = ("fp32", "fp16", "int8")


@app.command()
def check(
    names: Names = None,
    framework: Frameworks = None,
    precision: Precisions = None,
    again: Again = False,
    timeout: Timeout = TIMEOUT,
    memory: Memory = None,
    as_json: AsJson = False,
) -> None:
    """Run made artifacts in their frameworks' images, at 16 inputs, and compare the outputs with the reference.

    What is tried with --memory or another --timeout has a verdict of its own beside that without.
    """
    from bench.run.lock import reserved
    from bench.verification.verify import Checker, describe

    limits = Limits(memory=parse_bytes(memory), timeout=timeout)
    checks, plan = _plan(names or (), framework or (), precision or ())
    made = [cell for cell in plan.cells if checks.store.find(cell.model, *_kind(checks, cell))]
    if not made:
        raise ConfigError("nothing of that is made", f"bench models build {' '.join(names or ())} --precision all")
    with reserved():
        checker = Checker(checks, console(), limits)
        checker.prepare(sorted({cell.framework for cell in made}))
        for cell, verdict in checker.check(made, again=again):
            console().print(describe(cell, verdict), highlight=False, soft_wrap=True)
    known = [(cell, checks.find(cell, limits)) for cell in made]
    if as_json:
        print_json([vars(verdict) for _, verdict in known if verdict])
    else:
        for model in dict.fromkeys(cell.model for cell in made):
            named = [(cell, verdict) for cell, verdict in known if verdict and cell.model == model]
            shown = [{"framework": c.framework, "precision": c.precision, **vars(v)} for c, v in named]
            Console().print(f"[bold]{model}[/]", tables.checks(shown), sep="\n")
    bad = [f"{cell.id}: {verdict.message}" for cell, verdict in known if verdict and verdict.status != "agrees"]
    if bad:
        hint = "such cells are timed with --force only, and compared with none"
        if str(limits):
            hint = f"that is with {limits}; what comes of them without is a verdict of its own"
        raise CellsFailed("\n".join(bad), hint)


@app.command()
def table(
    names: Names = None,
    framework: Frameworks = None,
    precision: Precisions = None,
    known: Annotated[bool, typer.Option("--known", help="Show existing verdicts only; check nothing.")] = False,
    again: Again = False,
    discard: Annotated[
        bool, typer.Option("--discard", help="Remove a model's artifacts after its check; verdicts stay.")
    ] = False,
    also: Annotated[
        Path | None,
        typer.Option(
            help="An earlier table, as --json printed it: what it knows is shown and not tried again, also of older "
            "sources; the table says of how many."
        ),
    ] = None,
    timeout: Timeout = TIMEOUT,
    memory: Memory = None,
    as_markdown: Annotated[bool, typer.Option("--markdown", help="Print the page docs/compatibility.md.")] = False,
    as_json: AsJson = False,
) -> None:
    """Which framework runs which model: make and check what was not tried yet, and show all of it.

    What is known already is not tried again, so that a table that was cut short is gone on with.

    With --memory or another --timeout the table is of what was tried with these limits.
    """
    from bench.run.lock import reserved
    from bench.verification.verify import Checker

    limits = Limits(memory=parse_bytes(memory), timeout=timeout)
    # A user's own model is in the table when it is named: the page in docs is of the catalogue.
    checks, plan = _plan(names or list(load_matrix().models), framework or (), precision or ())
    earlier = earlier_rows(also, limits) if also else {}
    todo = plan if again else replace(plan, cells=tuple(each for each in plan.cells if name_of(each) not in earlier))
    if todo.cells and not known:
        with reserved():
            checker = Checker(checks, console(), limits)
            checker.prepare(sorted({cell.framework for cell in todo.cells}))
            checker.check_all(todo, again=again, discard=discard)
    found = merge_earlier(rows(plan, checks, limits), earlier, checks)
    if as_json:
        typer.echo(json.dumps(found, indent=0, ensure_ascii=False))
    elif as_markdown:
        typer.echo(page(found), nl=False)
    else:
        _show(found)


def _plan(names: Sequence[str], frameworks: Sequence[str], precisions: Sequence[str]) -> tuple[Checks, Plan]:
    store = Store(model_store())
    matrix = with_user_models(load_matrix(), store, names, console())
    cpu = [name for name, entry in matrix.frameworks.items() if entry.group == "cpu"]
    selection = Selection(
        device="host", frameworks=frameworks or cpu, models=names, precisions=precisions or ALL, arms=("container",)
    )
    return Checks(store, matrix), make_plan(matrix, selection)


def _kind(checks: Checks, cell: Any) -> Any:
    return checks.matrix.frameworks[cell.framework].kind(cell.precision)


def _show_by_model(precision: str, found: Sequence[Row], out: Console) -> None:
    """Print a block for each model, with the frameworks of each status: for terminals narrower than the table."""
    out.print(safe(precision, "bold"))
    for model in dict.fromkeys(row["model"] for row in found):
        out.print(safe(model))
        for status, sign in SIGNS.items():
            names = [row["framework"] for row in found if row["model"] == model and row["status"] == status]
            if names and status != "not supported":
                say([", ".join(names)], out, f"  {sign} ", "    ")


def _show(found: Sequence[Row]) -> None:
    out = Console()
    for precision in dict.fromkeys(row["precision"] for row in found):
        mine = [row for row in found if row["precision"] == precision]
        frameworks = list(dict.fromkeys(row["framework"] for row in mine if row["status"] != "not supported"))
        # Names are folded where the terminal is narrow; cut off, they would tell nothing.
        columns = [Column(name, overflow="fold", justify="center") for name in frameworks]
        shown = Table(Column(precision, no_wrap=True), *columns, box=None, pad_edge=False)
        for model in dict.fromkeys(row["model"] for row in mine):
            cells = {row["framework"]: SIGNS[row["status"]] for row in mine if row["model"] == model}
            shown.add_row(model, *(cells[name] for name in frameworks))
        if out.is_terminal and Measurement.get(out, out.options.update(max_width=10_000), shown).maximum > out.width:
            _show_by_model(precision, mine, out)
        else:
            out.print(shown)
    legend = ", ".join(f"{sign} {status}" for status, sign in SIGNS.items())
    out.print("\n".join(filter(None, [legend, describe_limits(found), describe_stale(found)])), highlight=False)
