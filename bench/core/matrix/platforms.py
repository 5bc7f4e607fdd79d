"""Platforms: what images are built for, which of them a machine can run, and which one a device takes."""

import platform as python_platform
from collections.abc import Iterable

from bench.core.matrix.base import Platform
from bench.core.matrix.device import Device

MACHINES = {"x86_64": "amd64", "aarch64": "arm64"}  # as the kernel names a machine → as images name it


def native_platform() -> str:
    """The platform of this machine, as images name it."""
    return platform_of(python_platform.machine())


def platform_of(machine: str) -> str:
    """The platform of a machine that the kernel names so; one that has no images keeps its name."""
    return MACHINES.get(machine, machine)


def architecture(platform: str) -> str:
    """The architecture of a platform, as the engine names it: all of L4T is `arm64`."""
    return "amd64" if platform == "amd64" else "arm64"


def offered(device: Device, native: str | None = None, l4t: str | None = None) -> list[Platform]:
    """The platforms of a device that count on a machine, the preferred one first.

    On a machine of another architecture (`native` is this one's when left out) all of them: there is only a plan to
    make there. `l4t` is the platform of the board's own L4T, where it is known: no image of another release runs on it.
    """
    here = [each for each in device.platforms if architecture(each) == (native or native_platform())]
    possible = here or device.platforms
    return [each for each in possible if l4t is None or not each.startswith("l4t") or each == l4t]


def image_platform(device: Device, framework: Iterable[str], native: str | None = None, l4t: str | None = None) -> str:
    """The platform of a framework's image on a device, of those (`framework`) that it has images for; '' for none."""
    has = set(framework)
    return next((each for each in offered(device, native, l4t) if each in has), "")
