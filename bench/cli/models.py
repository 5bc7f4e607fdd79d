"""`bench models`: build, list and show."""

from typing import Annotated

import typer
from rich.console import Console

from bench.cli import model_tables as tables
from bench.cli.common import AsJson, console, print_json
from bench.config import load_matrix
from bench.names import choose
from bench.paths import model_store

app = typer.Typer(help="Build and show the models, as artifacts in the store.", no_args_is_help=True)


@app.command()
def build(
    names: Annotated[list[str] | None, typer.Argument(help="Models; all when left out.")] = None,
    formats: Annotated[
        list[str] | None, typer.Option("--format", help="Only this artifact format; may be repeated.")
    ] = None,
) -> None:
    """Make artifacts and check each against PyTorch. What is made already is left alone."""
    from bench import models
    from bench.hostlock import reserved

    matrix = load_matrix()
    offered = sorted({entry.format for entry in matrix.frameworks.values()})
    chosen = choose("model", names or (), matrix.models)
    wanted = choose("format", formats or (), offered)
    with reserved():
        models.build(chosen, wanted, console())


@app.command("list")
def list_(as_json: AsJson = False) -> None:
    """Show the models, those with the least work for each parameter first, and the artifacts that were made of them."""
    from bench.catalogue import overview
    from bench.store import Store

    rows = overview(load_matrix(), Store(model_store()))
    if as_json:
        print_json(rows)
        return
    Console().print(tables.overview(rows))


@app.command()
def show(name: Annotated[str, typer.Argument(help="A model.")], as_json: AsJson = False) -> None:
    """Show a model: what was counted beside what others state, and every artifact with its size and parity."""
    from bench.catalogue import detail
    from bench.references import load_references
    from bench.store import Store

    matrix = load_matrix()
    choose("model", [name], matrix.models)
    reference = load_references().get(name)
    facts = detail(name, matrix, Store(model_store()), reference)
    if as_json:
        print_json(facts)
        return
    out = Console()
    out.print(tables.heading(facts, reference))
    out.print(tables.counts(facts, reference))
    if facts["artifacts"]:
        out.print(tables.artifacts(facts["artifacts"]))
    else:
        out.print(f"not made: bench models build {name}", highlight=False)
