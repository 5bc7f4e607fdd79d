"""`bench models`: add and remove: the user's own models."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from bench.artifacts.store import Store
from bench.cli.common import AsJson, console, print_json
from bench.cli.models import tables
from bench.core.errors import ConfigError
from bench.core.matrix.schema import load_matrix
from bench.core.paths import model_store

LOW_AND_HIGH = 2  # numbers of --input-range

app = typer.Typer()


@app.command()
def add(
    name: Annotated[str, typer.Argument(help="What to call it.")],
    file: Annotated[Path, typer.Option("--file", help="An .onnx or .tflite file.")],
    input_shape: Annotated[
        list[str] | None,
        typer.Option("--input-shape", help="NAME=1,3,224,224, where the file leaves axes open; may be repeated."),
    ] = None,
    input_range: Annotated[
        list[str] | None,
        typer.Option("--input-range", help="NAME=LOW,HIGH, from which its values are drawn; may be repeated."),
    ] = None,
    batch: Annotated[
        int | None, typer.Option("--batch", min=1, help="The first axis, where that alone is open.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Take a model of your own into the store, with its shapes fixed; it is read in a container without a network."""
    from bench.artifacts import user_models
    from bench.run.lock import reserved
    from bench.verification.catalogue import detail

    shapes = dict(_numbers("--input-shape", text) for text in input_shape or ())
    ranges = dict(_numbers("--input-range", text) for text in input_range or ())
    for key, numbers in ranges.items():
        if len(numbers) != LOW_AND_HIGH or numbers[0] > numbers[1]:
            raise ConfigError(f"--input-range {key}: it must be LOW,HIGH", "for example --input-range ids=0,30521")
    store, matrix = Store(model_store()), load_matrix()
    with reserved():
        user_models.add(name, file, user_models.Options(shapes=shapes, ranges=ranges, batch=batch), matrix, console())
    facts = detail(name, user_models.with_user_models(matrix, store), store, None)
    if as_json:
        print_json(facts)
        return
    out = Console()
    for part in (tables.heading(facts, None), tables.counts(facts, None), tables.artifacts(facts["artifacts"])):
        out.print(part)
    console().print(f"next: bench matrix run --device host --model {name}", highlight=False)


@app.command()
def remove(name: Annotated[str, typer.Argument(help="A model that was added.")]) -> None:
    """Take a model of your own out of the store, with all that was made of it."""
    from bench.artifacts import user_models
    from bench.run.lock import reserved

    with reserved():
        user_models.remove(name)
    console().print(f"removed {name}", highlight=False)


def _numbers(option: str, text: str) -> tuple[str, list[int]]:
    name, _, told = text.rpartition("=")
    try:
        found = [int(part) for part in told.split(",") if told]
        if not name:
            raise ValueError
    except ValueError:
        raise ConfigError(
            f"{option} {text}: not NAME=NUMBER,NUMBER,…", f"for example {option} input=1,3,224,224"
        ) from None
    return name, found
