"""The vendors' images that some of our images are based on (images/vendor), and the substitute without access."""

import tomllib
from functools import cache
from pathlib import Path

from bench.core.paths import PROJECT

FOLDER = "images/vendor"
STAND_IN = "org.edgebench.stand-in"  # the label of an image with a substitute base: it is never timed or pushed
STAND_IN_BASE = "docker.io/library/debian:bullseye-slim"  # the base of the substitute


def vendored() -> list[str]:
    """The frameworks whose images are based on a vendor's image."""
    return sorted(_bases(PROJECT / FOLDER))


def base(framework: str, platform: str) -> str | None:
    """The vendor's image that a framework's image is based on; None when it is based on ours."""
    return _bases(PROJECT / FOLDER).get(framework, {}).get(platform)


@cache
def _bases(folder: Path) -> dict[str, dict[str, str]]:
    return tomllib.loads((folder / "bases.toml").read_text(encoding="utf-8"))
