"""Prepares what a build needs besides the default: base images of another Debian, another architecture."""

import subprocess
from collections.abc import Callable, Iterable

from bench.core.errors import HostError
from bench.core.paths import PROJECT
from bench.images.local import architecture, native_platform

DEFAULT_BASE = "debian:bookworm-slim"  # `make` provides it for this machine
DEBIAN = "docker.io/library/debian:"  # the images that setup/base can make


def prepare_bases(bases: Iterable[str], platform: str, say: Callable[[str], object]) -> None:
    """Enable this platform's architecture on the engine, and make these base images (full names) for it.

    Raises HostError with the last line of the program of setup/.
    """
    wanted = architecture(platform)
    foreign = wanted != architecture(native_platform())
    if foreign:
        _call(["emulation", "up"], say, f"nothing here runs linux/{wanted}")
    for base in sorted({base for base in bases if base.startswith(DEBIAN)}):
        image = base.removeprefix("docker.io/library/")
        if foreign or image != DEFAULT_BASE:
            _call(["base", image, "--platform", wanted], say, f"there is no {image} for linux/{wanted}")


def _call(words: list[str], say: Callable[[str], object], what: str) -> None:
    """Run a program of setup/ and pass its output to `say`. Raises HostError."""
    command = [str(PROJECT / "setup" / words[0]), *words[1:]]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    last = ""
    with process:
        for line in process.stderr or ():
            say(line)
            last = line.strip()
    if process.returncode:
        raise HostError(f"{what}: {last}", "docs/platforms.md says what a machine needs for it")
