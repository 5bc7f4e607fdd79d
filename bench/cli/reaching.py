"""`--host`: where the device is, for the commands that look at it or measure on it."""

from typing import Annotated

import typer

from bench.matrix.config import Matrix

HostOption = Annotated[
    str | None,
    typer.Option(
        "--host", help="Where the device is: ssh://user@board, or `local`; what its profile says when left out."
    ),
]


def address_of(matrix: Matrix, device: str, said: str | None) -> str | None:
    """The address that counts: what the command line says, else the device's own; None for this machine."""
    entry = matrix.devices.get(device)
    return said or (entry.host if entry else None)
