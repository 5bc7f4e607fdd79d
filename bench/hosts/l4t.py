"""NVIDIA's L4T: the release of a board, and the images that run on it."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from bench.hosts.host import Host, text

RELEASE = re.compile(r"# R(\d+) \(release\), REVISION: (\d+(?:\.\d+)*)")
TAG = re.compile(r"r(\d+)\.(\d+)\.\d+")
COMPATIBLE_MAJOR = 35  # NVIDIA promises that any image of R35 runs on any release of R35
Releases = Mapping[Any, Mapping[str, str]]  # platform → release → JetPack: `l4t:` of matrix.yaml


def release(host: Host) -> str | None:
    """The board's release, such as `R32.7.1`; None where there is no L4T.

    It is read from the file that NVIDIA writes at flashing, else from the version of the package `nvidia-l4t-core`.
    """
    if found := RELEASE.search(text(host, "/etc/nv_tegra_release") or ""):
        return _full(found[1], found[2])
    said = host.run(["dpkg-query", "-W", "-f", "${Version}", "nvidia-l4t-core"])
    found = re.match(r"(\d+)\.(\d+(?:\.\d+)?)", said.out) if said.code == 0 else None
    return _full(found[1], found[2]) if found else None


def _full(major: str, rest: str) -> str:
    return f"R{major}.{rest}" if "." in rest else f"R{major}.{rest}.0"


def platform(releases: Releases, board: str) -> str | None:
    """The platform whose images run on a board of this release, or None."""
    return next((name for name, known in releases.items() if board in known), None)


def describe_releases(releases: Releases, platforms: Iterable[str] | None = None) -> str:
    """The releases that have images, as text for a message; of these platforms, or of all."""
    wanted = [each for name, each in releases.items() if platforms is None or name in platforms]
    return ", ".join(f"{name} (JetPack {jetpack})" for each in wanted for name, jetpack in each.items())


def find_mismatch(board: str, base: str | None) -> tuple[str, str] | None:
    """Why an image with this base may not run on a board of this release: (`fail` or `warn`, reason); None if it runs.

    The driver's interface may grow with the minor number. An R36 image of a later minor release fails, because symbols
    are missing (jetson-containers issue 714). For R35 NVIDIA promises that any minor release works, so it is a warning.
    All images for R32.7 have the tag r32.7.1.
    """
    tag, host = TAG.search(base or ""), TAG.search(board.lower())
    if tag is None or host is None:
        return None
    needs, has = (int(tag[1]), int(tag[2])), (int(host[1]), int(host[2]))
    if needs[0] != has[0]:
        return "fail", f"{base} is for R{needs[0]}, and the board has {board}"
    if needs[1] > has[1]:
        level = "warn" if needs[0] == COMPATIBLE_MAJOR else "fail"
        return level, f"{base} is of a later release than the board's {board}: libraries may miss symbols of the driver"
    return None
