"""`bench compose`: files for people who use Docker Compose alone."""

from pathlib import Path
from typing import Annotated

import typer

from bench.cli.common import console
from bench.core.errors import ConfigError, HostError
from bench.core.matrix.plan import Selection, make_plan
from bench.core.matrix.schema import load_matrix
from bench.core.suggest import choose

AFTER_DEVICE = 3  # parts of a cell's id: framework, model, precision

app = typer.Typer(help="Write files for Docker Compose alone.", no_args_is_help=True)


@app.command()
def render(
    device: Annotated[str, typer.Option("--device", help="A device of matrix.yaml.")],
    output: Annotated[
        Path | None, typer.Option("--output", help="The file to write; default: standard output.")
    ] = None,
) -> None:
    """Render the Compose file of a device: a service for each framework, with what its containers are given."""
    from bench.run import compose

    matrix = load_matrix()
    (device,) = choose("device", [device], matrix.devices)
    text = compose.render(matrix, device)
    if output is None:
        typer.echo(text, nl=False)
        return
    try:
        output.write_text(text, encoding="utf-8")
    except OSError as error:
        raise HostError(f"cannot write {output}: {error.strerror}", "name a file in a folder that is there") from error


@app.command()
def model(
    cell: Annotated[str, typer.Argument(help="A cell, for example host/onnxruntime/cifarnet/fp32.")],
    output: Annotated[Path, typer.Option("--output", help="An empty folder, or one to be made.")],
    threads: Annotated[int, typer.Option("--threads", min=1, help="Threads that the framework may use.")] = 1,
    profile: Annotated[str, typer.Option("--profile", help="How thoroughly: a profile of matrix.yaml.")] = "default",
) -> None:
    """Put a cell's request and model into a folder that the services mount (EDGEBENCH_MODELS)."""
    from bench.run import compose

    device, *rest = cell.split("/")
    if len(rest) != AFTER_DEVICE:
        raise ConfigError(f"'{cell}' is no cell", "DEVICE/FRAMEWORK/MODEL/PRECISION: see bench matrix plan")
    matrix = load_matrix()
    framework, network, precision = rest
    wanted = Selection(
        device=device, frameworks=[framework], models=[network], precisions=[precision], profile=profile
    )  # fmt: skip
    path = compose.lay_out(make_plan(matrix, wanted), matrix, threads, output)
    console().print(f"wrote {path}: EDGEBENCH_MODELS={output.resolve()}", highlight=False, soft_wrap=True)
