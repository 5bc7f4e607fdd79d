"""Platforms: what images are built for, which of them a machine can run, and which one a device uses."""

import platform as python_platform
from collections.abc import Iterable

from bench.core.matrix.base import Platform
from bench.core.matrix.device import Device

MACHINES = {"x86_64": "amd64", "aarch64": "arm64"}  # the kernel's name of an architecture → the images' name


def native_platform() -> str:
    """The platform of this machine, by the images' name."""
    return platform_of(python_platform.machine())


def platform_of(machine: str) -> str:
    """The platform of an architecture by the kernel's name. One without images keeps its name."""
    return MACHINES.get(machine, machine)


def architecture(platform: str) -> str:
    """The architecture of a platform, by the engine's name. All of L4T is `arm64`."""
    return "amd64" if platform == "amd64" else "arm64"


def offered(device: Device, native: str | None = None, l4t: str | None = None) -> list[Platform]:
    """The platforms of a device that a machine can run, the preferred one first.

    `native` is the machine's architecture, by default this machine's. If it is another than the device's, all platforms
    are returned, because only a plan can be made there. `l4t` is the platform of the board's L4T, if known: images of
    other releases do not run on it.
    """
    here = [each for each in device.platforms if architecture(each) == (native or native_platform())]
    possible = here or device.platforms
    return [each for each in possible if l4t is None or not each.startswith("l4t") or each == l4t]


def image_platform(device: Device, framework: Iterable[str], native: str | None = None, l4t: str | None = None) -> str:
    """The platform of a framework's image on a device, out of those in `framework`; '' if none fits."""
    has = set(framework)
    return next((each for each in offered(device, native, l4t) if each in has), "")
