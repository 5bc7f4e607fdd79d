"""`bench models`: build, list and show."""

from collections.abc import Sequence
from typing import Annotated, get_args

import typer
from rich.console import Console

from bench.artifacts.recipe import MAKERS
from bench.artifacts.store import Store
from bench.artifacts.user_models import with_user_models
from bench.cli.common import AsJson, console, print_json
from bench.cli.models import check, tables, transfer, user_models
from bench.core.errors import ConfigError
from bench.core.matrix.artifact_kind import Kind
from bench.core.matrix.base import Precision
from bench.core.matrix.schema import Matrix, load_matrix
from bench.core.paths import model_store
from bench.core.suggest import choose

PRECISIONS: tuple[str, ...] = get_args(Precision)

app = typer.Typer(help="Build and show the models, as artifacts in the store.", no_args_is_help=True)
for part in (check, user_models, transfer):
    app.registered_commands += part.app.registered_commands


Names = Annotated[list[str] | None, typer.Argument(help="Models; default: all.")]
Precisions = Annotated[
    list[str] | None, typer.Option("--precision", help="fp32 (default), fp16, int8 or all; may be repeated.")
]


@app.command()
def build(
    names: Names = None,
    formats: Annotated[
        list[str] | None, typer.Option("--format", help="Only this artifact format; may be repeated.")
    ] = None,
    precisions: Precisions = None,
) -> None:
    """Make artifacts and compare each with PyTorch's answers. What is made already is left alone."""
    from bench.artifacts.build import build as build_models
    from bench.run.lock import reserved

    matrix = load_matrix()
    every = with_user_models(matrix, Store(model_store()), names or ()).models
    chosen = choose("model", names, every) if names else list(matrix.models)
    with reserved():
        build_models(chosen, _kinds(matrix, formats or (), precisions or ()), console())


@app.command("list")
def list_(as_json: AsJson = False) -> None:
    """Show the models, those with the least work for each parameter first, and the artifacts that were made of them."""
    from bench.verification.catalogue import overview

    store = Store(model_store())
    rows = overview(with_user_models(load_matrix(), store, say=console()), store)
    if as_json:
        print_json(rows)
        return
    tables.show_overview(rows, Console())


@app.command()
def show(name: Annotated[str, typer.Argument(help="A model.")], as_json: AsJson = False) -> None:
    """Show a model: what was counted beside what others state, and every artifact with its size and parity."""
    from bench.artifacts.references import load_references
    from bench.verification.catalogue import detail

    store = Store(model_store())
    matrix = with_user_models(load_matrix(), store, [name])
    choose("model", [name], matrix.models)
    reference = load_references().get(name)
    facts = detail(name, matrix, store, reference)
    if as_json:
        print_json(facts)
        return
    out = Console()
    out.print(tables.heading(facts, reference))
    out.print(tables.counts(facts, reference))
    if facts["artifacts"]:
        out.print(tables.artifacts(facts["artifacts"]))
        out.print(tables.checks(facts["checks"]) if facts["checks"] else f"not checked: bench models check {name}")
    else:
        out.print(f"not made: bench models build {name}", highlight=False)


def _kinds(matrix: Matrix, formats: Sequence[str], precisions: Sequence[str]) -> list[Kind]:
    """What is asked for: what a framework reads, or of a format that is named whatever there is.

    Raises ConfigError where that is nothing.
    """
    every = "all" in precisions
    wanted = PRECISIONS if every else tuple(choose("precision", precisions, PRECISIONS)) if precisions else ("fp32",)
    named = choose("format", formats, sorted({kind.format for kind in MAKERS}))
    read = {entry.kind(each) for entry in matrix.frameworks.values() for each in entry.precisions}
    found = [
        kind for kind in MAKERS if kind.precision in wanted and (kind in read or (formats and kind.format in named))
    ]
    found = [kind for kind in found if kind.format in named]
    if not found:
        offered = ", ".join(str(kind) for kind in MAKERS if kind.format in named)
        raise ConfigError(f"nothing is made as {', '.join(named)} in {', '.join(wanted)}", f"there is: {offered}")
    return found
