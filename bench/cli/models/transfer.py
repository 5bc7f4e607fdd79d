"""`bench models`: push and pull: the store between machines."""

from typing import Annotated, Any

import typer

from bench.artifacts.recipe import MAKERS
from bench.artifacts.store import Store
from bench.artifacts.user_models import with_user_models
from bench.cli.common import AsJson, console, print_json
from bench.cli.images.registry import PATIENCE, Patience, Quiet, Where
from bench.core.errors import ConfigError, HostError
from bench.core.matrix.artifact_kind import Kind
from bench.core.matrix.schema import load_matrix
from bench.core.paths import model_store
from bench.core.suggest import choose
from bench.images.registry.progress import Transfers

app = typer.Typer()

Formats = Annotated[list[str] | None, typer.Option("--format", help="Only this artifact format; may be repeated.")]
Precisions = Annotated[
    list[str] | None, typer.Option("--precision", help="fp32, fp16 or int8; default: all; may be repeated.")
]


@app.command()
def push(
    registry: Where,
    names: Annotated[list[str] | None, typer.Argument(help="Models; default: all that have artifacts.")] = None,
    timeout: Patience = PATIENCE,
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """Push what is made of models, each file by its digest; what the registry has already does not travel."""
    from bench.artifacts.transfer import ModelPusher
    from bench.images import engine
    from bench.images.registry.client import Registry
    from bench.run.lock import reserved

    store = Store(model_store())
    every = with_user_models(load_matrix(), store, names or (), console()).models
    made = [name for name in every if (manifest := store.manifest(name)) and manifest["artifacts"]]
    chosen = choose("model", names, every) if names else made
    if not chosen:
        raise ConfigError("no model is made yet", "bench models build")
    there = Registry(registry, engine.find(), timeout)
    there.check()
    rows = []
    with reserved(), Transfers(console(), quiet=quiet) as shown:
        pusher = ModelPusher(store, there, shown)
        for name in chosen:
            rows.append(vars(pusher.push(name)))
            shown.end(f"{name} is {rows[-1]['digest']} now")
    if as_json:
        print_json(rows)


@app.command()
def pull(
    registry: Where,
    names: Annotated[
        list[str] | None,
        typer.Argument(help="Models, or MODEL@sha256:… for one version; default: the catalogue's."),
    ] = None,
    formats: Formats = None,
    precisions: Precisions = None,
    timeout: Patience = PATIENCE,
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """Pull what these sources would make, so that nothing has to be made here; each file is checked by its digest."""
    from bench.artifacts.transfer import pull as pull_model
    from bench.images import engine
    from bench.images.registry.client import Registry
    from bench.run.lock import reserved

    forms = choose("format", formats or (), sorted({kind.format for kind in MAKERS}))
    allowed = choose("precision", precisions or (), sorted({kind.precision for kind in MAKERS}))

    def wanted(kind: Kind) -> bool:
        return kind.format in forms and kind.precision in allowed

    store, there = Store(model_store()), Registry(registry, engine.find(), timeout)
    there.check()
    rows: list[dict[str, Any]] = []
    with reserved(), Transfers(console(), quiet=quiet) as shown:
        for name in names or load_matrix().models:
            model, _, digest = name.partition("@")
            try:
                rows.append(vars(pull_model(store, there, model, wanted, shown, digest or None)))
            except HostError as error:
                if names:
                    raise
                shown.end(f"left out: {error}")
    if not rows:
        raise HostError(f"{there.address} has no model that these sources make", "push them first: bench models push")
    if as_json:
        print_json(rows)
