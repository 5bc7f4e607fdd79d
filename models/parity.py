"""How near outputs are to the reference, and whether they depend on the input at all."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from models.inputs import picture

Arrays = Sequence[np.ndarray]

# What every artifact must keep to (bench refuses to time one that does not), as bench/prepare.py says for a launch.
FP32_MAX_REL = 1e-3


class ParityError(Exception):
    """An artifact does not compute what its network computes."""


def parity(reference: Arrays, outputs: Arrays, checked_with: str, bound: float = FP32_MAX_REL) -> dict[str, Any]:
    """The figures of docs/store.md over all outputs together. Raises ParityError beyond the bound.

    `max_rel` is the largest error over the reference's largest magnitude; `top1` says whether the largest value of
    each output stands at the same place.
    """
    shapes = [array.shape for array in reference], [np.shape(array) for array in outputs]
    if shapes[0] != shapes[1]:
        raise ParityError(f"outputs have shapes {shapes[1]}, the reference {shapes[0]}")
    ours, theirs = _flat(outputs), _flat(reference)
    if not np.isfinite(ours).all():
        raise ParityError("outputs hold NaN or infinity")
    error = float(np.abs(ours - theirs).max())
    relative = error / float(np.abs(theirs).max())
    if relative > bound:
        raise ParityError(f"outputs are off by {relative:.2g} of the reference's range (at most {bound:g} is allowed)")
    return {
        "max_abs": error,
        "max_rel": relative,
        "cosine": float(ours @ theirs / np.sqrt((ours @ ours) * (theirs @ theirs))),
        "top1": all(int(np.argmax(a)) == int(np.argmax(b)) for a, b in zip(outputs, reference, strict=True)),
        "with": checked_with,
    }


def sensitivity(run: Callable[[np.ndarray], Arrays], shape: tuple[int, ...], seed: int = 0) -> dict[str, float]:
    """The largest change of an output over the reference's largest magnitude, for three wrong inputs.

    `transposed_input` exchanges the last two axes: what a mistaken layout would do.
    """
    given = picture(shape, seed)
    reference = _flat(run(given))
    wrong = {
        "other_input": picture(shape, seed + 1),
        "zero_input": np.zeros_like(given),
        "transposed_input": np.ascontiguousarray(given.swapaxes(-1, -2)),
    }
    scale = float(np.abs(reference).max())
    return {name: float(np.abs(_flat(run(array)) - reference).max()) / scale for name, array in wrong.items()}


def _flat(arrays: Arrays) -> np.ndarray:
    """All values behind each other, in double precision."""
    return np.concatenate([np.asarray(array, np.float64).ravel() for array in arrays])
