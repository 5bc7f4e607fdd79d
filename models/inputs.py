"""The input of a seed, the same in every image: the runner's rule (docs/protocol.md)."""

import numpy as np


def picture(shape: tuple[int, ...], seed: int) -> np.ndarray:
    """Standard normal numbers as float32, of the given shape (batch first)."""
    return np.random.RandomState(seed).standard_normal(shape).astype(np.float32)
