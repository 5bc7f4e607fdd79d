"""`bench models`: build and list."""

from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from bench.cli.common import AsJson, console, print_json
from bench.config import load_matrix
from bench.names import choose
from bench.paths import model_store

app = typer.Typer(help="Build and list the models, as artifacts in the store.", no_args_is_help=True)


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
    """Show the models and the artifacts that were made of them."""
    from bench.store import Store

    store = Store(model_store())
    rows = []
    for name, entry in load_matrix().models.items():
        made = store.manifest(name)
        rows.append(
            {
                "name": name,
                "title": entry.title,
                "input": entry.input,
                "params": made["params"] if made else None,
                "macs": made["macs"] if made else None,
                "formats": [f"{a['format']} {a['precision']}" for a in made["artifacts"]] if made else [],
                "artifacts": made["artifacts"] if made else [],
            }
        )
    if as_json:
        print_json(rows)
        return
    table = Table("model", "input", "parameters", "MACs", "made", box=None, pad_edge=False)
    for row in rows:
        params = f"{row['params'] / 1e6:.2f} M" if row["params"] else ""
        macs = f"{row['macs'] / 1e9:.2f} G" if row["macs"] else ""
        made_as = ", ".join(row["formats"]) or "not made: bench models build"
        table.add_row(str(row["name"]), "×".join(map(str, row["input"])), params, macs, made_as)
    Console().print(table)
