"""Options that several commands share."""

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console

from bench.core.errors import ConfigError, HostError
from bench.core.matrix.schema import Matrix, Sensing
from bench.core.terminal import short
from bench.hosts.host import host_root

if TYPE_CHECKING:
    from bench.run.stopping import Medians

Results = Annotated[Path, typer.Option("--results", help="Folder of the runs.", show_default=True)]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")]
Html = Annotated[Path | None, typer.Option("--html", help="Write one self-contained page here.")]
Svg = Annotated[Path | None, typer.Option("--svg", help="Write the figure here.")]
Png = Annotated[Path | None, typer.Option("--png", help="Write the figure here, two pixels a point.")]
RESULTS = Path("results")


def print_json(value: Any) -> None:
    """JSON on standard output, nothing else there."""
    typer.echo(json.dumps(value, indent=2))


def parse_bytes(text: str | None) -> int | None:
    """An amount of memory such as 512m, in bytes. Raises ConfigError."""
    if text is None:
        return None
    from docker.errors import DockerException
    from docker.utils import parse_bytes as parse

    try:
        limit = int(parse(text))
    except (DockerException, OverflowError, ValueError):
        limit = 0
    if limit <= 0:
        raise ConfigError(f"--memory: '{text}' is no amount of memory", "for example --memory 512m or --memory 2g")
    return limit


@contextmanager
def writing(path: Path, said: str | None = "wrote") -> Iterator[None]:
    """What is done inside writes this file; then it is `said` where. Raises HostError when it cannot be written."""
    try:
        yield
    except OSError as error:
        reason = error.strerror or error
        raise HostError(f"cannot write {path}: {reason}", "name a file in a folder that is there") from error
    if said:
        typer.echo(f"{said} {path}", err=True)


def warn(warnings: list[str]) -> None:
    """Say the first of what was left out or marked; names in it come from journals, so no control code passes."""
    for warning in warnings[:10]:
        typer.echo(f"left out or marked: {short(warning, 500)}", err=True)


def console() -> Console:
    """Where progress and remarks go: standard error, so that standard output is the result alone."""
    return Console(stderr=True)


def half_widths(medians: "Medians") -> Mapping[str, float | None]:
    """The one place where a run asks the analysis something; scipy takes a second to import, which others need not."""
    from analysis.report import stopping

    return stopping.half_widths(medians)


HostOption = Annotated[
    str | None,
    typer.Option("--host", help="Address of the device: ssh://user@board or `local`; default: the one in matrix.yaml."),
]


def address_of(matrix: Matrix, device: str, said: str | None) -> str | None:
    """The address that counts: what the command line says, else the device's own; None for this machine."""
    entry = matrix.devices.get(device)
    return said or (entry.host if entry else None)


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
    root = root or (host_root() if here else None)
    if here and root is not None and not root.is_dir():
        raise ConfigError(f"--sensors-root {root}: no such folder")
    said: dict[str, Any] = {
        "meter": meters,
        "ttys": [str(tty.absolute()) for tty in ttys] if ttys else None,
        "root": str(root.absolute()) if root else None,
    }
    return matrix.devices[device].sensing.model_copy(update={k: v for k, v in said.items() if v is not None})


MOST_AMOUNT = 1e18
_MILLISECONDS = {"us": 1e-3, "µs": 1e-3, "ms": 1.0, "s": 1e3}
_BYTES = {"b": 1, "kb": 10**3, "mb": 10**6, "gb": 10**9, "kib": 2**10, "mib": 2**20, "gib": 2**30}


def milliseconds(option: str, text: str) -> float:
    """`20ms`, `0.02 s`, `500us` → ms. Raises ConfigError naming the option."""
    return _amount(option, text, _MILLISECONDS, "for example 20ms or 0.02s")


def size(option: str, text: str) -> float:
    """`500MB`, `0.5 GB`, `512MiB` → bytes. Raises ConfigError naming the option."""
    return _amount(option, text, _BYTES, "for example 500MB or 1GiB")


def _amount(option: str, text: str, units: dict[str, float] | dict[str, int], example: str) -> float:
    match = re.fullmatch(r"\s*(\d+\.?\d*|\.\d+)\s*([a-zµ]+)\s*", text.lower())
    value = float(match[1]) * units.get(match[2], 0) if match else 0.0
    if not 0 < value < MOST_AMOUNT:
        raise ConfigError(f"{option} {text[:40]}: no amount above 0 with its unit ({', '.join(units)})", example)
    return value
