"""What a network answers to the inputs of all seeds, as `reference.npz`: one array for each seed and output."""

import io
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from models.inputs import SEEDS

Arrays = Sequence[np.ndarray]
Run = Callable[[list[np.ndarray]], Arrays]  # inputs → outputs


def answers(run: Run, make: Callable[[int], list[np.ndarray]]) -> list[Arrays]:
    """What `run` answers to what `make` makes of each seed."""
    return [run(make(seed)) for seed in SEEDS]


def pack(found: Sequence[Arrays]) -> bytes:
    """The file: arrays `seed_0_output_0` and on (docs/store.md), the same bytes for the same arrays."""
    buffer = io.BytesIO()
    named = {
        f"seed_{seed}_output_{place}": np.asarray(array)
        for seed, outputs in zip(SEEDS, found, strict=True)
        for place, array in enumerate(outputs)
    }
    np.savez(buffer, **named)
    return buffer.getvalue()


def read(path: Path) -> list[Arrays]:
    """The answers of a file, seed by seed."""
    with np.load(path, allow_pickle=False) as arrays:
        count = len(arrays.files) // len(SEEDS)
        return [[arrays[f"seed_{seed}_output_{place}"] for place in range(count)] for seed in SEEDS]
