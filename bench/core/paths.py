"""Paths of the project's files, and of the cache that all clones of one user share."""

import os
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
MATRIX = PROJECT / "matrix.yaml"


def cache() -> Path:
    """The cache folder. The variable EDGEBENCH_CACHE moves it (setup/lib.sh has the same rule)."""
    if named := os.environ.get("EDGEBENCH_CACHE"):
        return Path(named).absolute()
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "edgebench-matrix"


def model_store() -> Path:
    """The model store, laid out as docs/store.md says."""
    return cache() / "models"
