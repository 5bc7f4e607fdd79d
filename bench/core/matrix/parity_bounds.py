"""The bounds of an artifact's deviation from the reference, and the checks of them.

`max_rel` is the largest error over the reference's largest magnitude, `cosine` that of the angle between both; each the
worst of all inputs and outputs. Beside each bound is what was measured at the inputs of 16 seeds, over the networks and
frameworks of docs/compatibility.md; another input is 0.8 and more off with a cosine below 0.6, so that a wrong layout,
a lost layer or an ignored input is outside of every bound.

Weights are seeded and not trained, so that rounding errors grow from layer to layer as in few trained networks: the
deepest without shortcuts (Inception-v4) and the transformer (DeiT) are outside of what int8 is allowed in most
frameworks, and are told so.
"""

from collections.abc import Mapping
from typing import Any

BOUNDS: dict[str, dict[str, float]] = {
    "fp32": {"max_rel": 1e-3, "cosine": 0.9999},  # sums in another order: up to 8e-5
    "fp16": {"max_rel": 6e-2, "cosine": 0.999},  # up to 2.7e-2; Inception-v4: 5.2e-2
    "int8": {"max_rel": 0.6, "cosine": 0.9},  # MobileNet-v3-Small comes nearest: 0.59 and 0.902
}
SENSITIVE = 0.5  # of what a wrong input changes in the reference, an artifact must change at least
# int8 ends at the largest output that calibration saw, in either direction: an all-zero picture, which changes the
# outputs of ResNet-50 by 4.5 times the reference's range, changes those of its int8 by twice the range (2.0 to 2.2).
MOST = {"int8": 2.0}


def rule(precision: str) -> dict[str, float | None]:
    """The rules from which a verdict follows, besides the measured figures."""
    return {**BOUNDS[precision], "sensitive": SENSITIVE, "most": MOST.get(precision)}


def outside(precision: str, parity: Mapping[str, Any]) -> str | None:
    """Which figure is outside of the bounds of a precision, in a few words; None when all are within them."""
    bounds = BOUNDS[precision]
    if parity["max_rel"] > bounds["max_rel"]:
        return f"off by {parity['max_rel']:.2g} of the reference's range, and {precision} may be {bounds['max_rel']:g}"
    if parity["cosine"] < bounds["cosine"]:
        return f"its cosine to the reference is {parity['cosine']:.4f}, and {precision} must have {bounds['cosine']:g}"
    return None


def insensitive(precision: str, sensitivity: Mapping[str, float], reference: Mapping[str, float]) -> str | None:
    """Which wrong input changes the outputs far less than the reference's; None when the outputs show all of them."""
    for name, change in reference.items():
        found = sensitivity.get(name, 0.0)
        if found < SENSITIVE * min(change, MOST.get(precision, change)):
            said = name.replace("_", " ")
            return f"the {said} changes its outputs by {found:.2g} of their range, and the reference's by {change:.2g}"
    return None
