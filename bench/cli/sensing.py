"""Options that say how sensors are read; what they leave out is the device's own in matrix.yaml."""

from pathlib import Path
from typing import Annotated, Any

import typer

from bench.devices.host import outside
from bench.errors import ConfigError
from bench.matrix.config import Matrix, Sensing

Meters = Annotated[
    list[str] | None,
    typer.Option("--meter", help="Take the power of these channels (a glob); may be repeated, and is added up."),
]
UsbMeters = Annotated[
    list[Path] | None,
    typer.Option("--usb-meter", help="A UM25C, UM24C or UM34C is at this tty, for example /dev/rfcomm0."),
]
SensorsRoot = Annotated[
    Path | None, typer.Option("--sensors-root", help="Where the board's /sys is seen, should it not be at /.")
]


def sensing_of(
    matrix: Matrix,
    device: str,
    meters: list[str] | None,
    ttys: list[Path] | None,
    root: Path | None,
    *,
    here: bool = True,
) -> Sensing:
    """The device's way of reading its sensors, with what the command line says. Raises ConfigError.

    In bench's own container the machine's /sys is seen where its whole file system is. What is named is the board's
    own where the device is not `here`.
    """
    root = root or (outside() if here else None)
    if here and root is not None and not root.is_dir():
        raise ConfigError(f"--sensors-root {root}: no such folder")
    said: dict[str, Any] = {
        "meter": meters,
        "ttys": [str(tty.absolute()) for tty in ttys] if ttys else None,
        "root": str(root.absolute()) if root else None,
    }
    return matrix.devices[device].sensing.model_copy(update={k: v for k, v in said.items() if v is not None})
