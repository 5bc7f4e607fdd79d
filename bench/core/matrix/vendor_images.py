"""The vendors' images that some of ours stand on (images/vendor), and what takes their place out of reach of them."""

import tomllib
from functools import cache
from pathlib import Path

from bench.core.paths import PROJECT

FOLDER = "images/vendor"
STAND_IN = "org.edgebench.stand-in"  # the label of an image on a stand-in: it is never timed nor passed on
STAND_IN_BASE = "docker.io/library/debian:bullseye-slim"  # what the stand-in itself stands on


def vendored() -> list[str]:
    """The frameworks whose images stand on a vendor's."""
    return sorted(_bases(PROJECT / FOLDER))


def base(framework: str, platform: str) -> str | None:
    """The vendor's image that a framework's stands on; None where it stands on ours."""
    return _bases(PROJECT / FOLDER).get(framework, {}).get(platform)


@cache
def _bases(folder: Path) -> dict[str, dict[str, str]]:
    return tomllib.loads((folder / "bases.toml").read_text(encoding="utf-8"))
