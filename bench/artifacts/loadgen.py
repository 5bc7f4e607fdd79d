"""Finds MLPerf LoadGen, which drives launches of a profile with `driver: loadgen` (runner/single_stream.py)."""

import hashlib
from pathlib import Path

from bench.core.errors import HostError
from bench.core.paths import PROJECT, cache

LOCK = PROJECT / "requirements" / "loadgen.txt"
PYTHON = "3.11"  # of the images, and of the native environments


def folder() -> Path:
    """Return the folder into which setup/loadgen installs the packages of the lock file."""
    digest = hashlib.sha256(LOCK.read_bytes()).hexdigest()[:12]
    return cache() / "loadgen" / f"py{PYTHON}-{digest}"


def require(framework: str, python: str) -> Path:
    """Return that folder for a framework with this Python. Raises HostError if it is missing or does not fit."""
    if python != PYTHON:
        raise HostError(
            f"{framework} runs in Python {python}, and LoadGen is installed for {PYTHON}",
            "leave it out with --framework, or take another profile",
        )
    found = folder()
    if not found.is_dir():
        raise HostError("--profile mlperf needs MLPerf LoadGen, which is not installed", "install it: setup/loadgen")
    return found
