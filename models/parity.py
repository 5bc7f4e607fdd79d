"""How near outputs are to the reference, and whether they depend on the input at all.

The figures only: whether they are good enough for a precision is bench's to judge (bench/bounds.py), so that what is
not can be shown, and timed by who insists.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from models.inputs import make
from models.reference import Arrays, Run


class ParityError(Exception):
    """Outputs that cannot be compared with the reference at all."""


def parity(reference: Sequence[Arrays], outputs: Sequence[Arrays], checked_with: str) -> dict[str, Any]:
    """The figures of docs/store.md, each the worst over all seeds and outputs, as the runner takes them.

    `max_rel` is the largest error over the reference's largest magnitude; `agree` says of how many seeds the largest
    value of every output stands where the reference has it.
    """
    each = [_compare(theirs, ours) for theirs, ours in zip(reference, outputs, strict=True)]
    agree = sum(figures["top1"] for figures in each)
    return {
        "max_abs": max(figures["max_abs"] for figures in each),
        "max_rel": max(figures["max_rel"] for figures in each),
        "cosine": min(figures["cosine"] for figures in each),
        "top1": agree == len(each),
        "agree": agree,
        "inputs": len(each),
        "with": checked_with,
    }


def measure(
    run: Run, inputs: Sequence[dict[str, Any]], reference: Sequence[Arrays], checked_with: str
) -> dict[str, Any]:
    """The same, of what `run` answers to the inputs of as many seeds as there are references."""
    return parity(reference, [run(make(inputs, seed)) for seed in range(len(reference))], checked_with)


def sensitivity(run: Callable[[list[np.ndarray]], Arrays], inputs: Sequence[dict[str, Any]]) -> dict[str, float]:
    """The largest change of an output over the reference's largest magnitude, for wrong inputs.

    `transposed_input` exchanges the last two axes, what a mistaken layout would do; it is left out where no input is a
    square, as `other_input` and `zero_input` are where no input can be another one or zero.
    """
    given = make(inputs, 0)
    reference = run(given)
    wrong = {
        "other_input": make(inputs, 1),
        "zero_input": [_zero(array, described) for array, described in zip(given, inputs, strict=True)],
        "transposed_input": [_transposed(array) for array in given],
    }
    return {
        name: _change(reference, run(arrays))
        for name, arrays in wrong.items()
        if any(not np.array_equal(one, other) for one, other in zip(arrays, given, strict=True))
    }


def _compare(reference: Arrays, outputs: Arrays) -> dict[str, Any]:
    shapes = [np.shape(array) for array in reference], [np.shape(array) for array in outputs]
    if shapes[0] != shapes[1]:
        raise ParityError(f"outputs have shapes {shapes[1]}, the reference {shapes[0]}")
    each = [_figures(_flat(theirs), _flat(ours)) for theirs, ours in zip(reference, outputs, strict=True)]
    return {
        "max_abs": max(figures["max_abs"] for figures in each),
        "max_rel": max(figures["max_rel"] for figures in each),
        "cosine": min(figures["cosine"] for figures in each),
        "top1": all(figures["top1"] for figures in each),
    }


def _figures(theirs: np.ndarray, ours: np.ndarray) -> dict[str, Any]:
    if not np.isfinite(ours).all():
        raise ParityError("outputs hold NaN or infinity")
    scale = float(np.abs(theirs).max()) if theirs.size else 0.0
    if not scale:
        raise ParityError("the reference is zero throughout")
    error = float(np.abs(ours - theirs).max())
    norms = float(np.sqrt((ours @ ours) * (theirs @ theirs)))
    return {
        "max_abs": error,
        "max_rel": error / scale,
        "cosine": float(ours @ theirs) / norms if norms else 0.0,
        "top1": int(ours.argmax()) == int(theirs.argmax()),
    }


def _change(reference: Arrays, outputs: Arrays) -> float:
    theirs, ours = (np.concatenate([_flat(array) for array in arrays]) for arrays in (reference, outputs))
    return float(np.abs(ours - theirs).max()) / float(np.abs(theirs).max())


def _zero(array: np.ndarray, described: dict[str, Any]) -> np.ndarray:
    low = (described.get("range") or (0, 0))[0]
    return np.full_like(array, max(0, low))


def _transposed(array: np.ndarray) -> np.ndarray:
    square = array.ndim > 1 and array.shape[-1] == array.shape[-2]
    return np.ascontiguousarray(array.swapaxes(-1, -2)) if square else array


def _flat(array: np.ndarray) -> np.ndarray:
    """All values behind each other, in double precision."""
    return np.asarray(array, np.float64).ravel()
