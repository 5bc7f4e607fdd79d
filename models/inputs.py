"""Inputs from seeds, the same in every image: the runner's rule (docs/protocol.md)."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

SEEDS = tuple(range(16))  # of the inputs that every artifact is compared at; the first is the one that is timed
CALIBRATION = tuple(range(2000, 2032))  # of those by which int8 finds its ranges: far from SEEDS and from seeding's


def picture(shape: tuple[int, ...], seed: int) -> np.ndarray:
    """Standard normal numbers as float32, of the given shape (batch first)."""
    return np.random.RandomState(seed).standard_normal(shape).astype(np.float32)


def make(inputs: Sequence[Mapping[str, Any]], seed: int) -> list[np.ndarray]:
    """One array for each input of a model (`name`, `shape`, `dtype`, and `range` where values are drawn from one)."""
    return [_one(described, seed + place) for place, described in enumerate(inputs)]


def calibration(inputs: Sequence[Mapping[str, Any]]) -> Iterator[list[np.ndarray]]:
    """The inputs by which int8 finds its ranges."""
    return (make(inputs, seed) for seed in CALIBRATION)


def _one(described: Mapping[str, Any], seed: int) -> np.ndarray:
    random, shape = np.random.RandomState(seed), described["shape"]
    if described.get("range") is None:
        return random.standard_normal(shape).astype(described["dtype"])
    low, high = described["range"]
    if np.dtype(described["dtype"]).kind == "f":
        return random.uniform(low, high, shape).astype(described["dtype"])
    return random.randint(low, high + 1, shape, np.int64).astype(described["dtype"])
