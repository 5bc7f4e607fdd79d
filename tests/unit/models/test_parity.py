"""Parity: figures within the bound, an error beyond it, and a network that ignores its input is seen."""

import numpy as np
import pytest

from models.inputs import picture
from models.parity import ParityError, parity, sensitivity

REFERENCE = [picture((1, 10), 0) * 5]
RANGE = float(np.abs(REFERENCE[0]).max())


def test_figures_of_a_small_error() -> None:
    outputs = [REFERENCE[0].copy()]
    outputs[0][0, 3] += np.float32(1e-4)
    figures = parity(REFERENCE, outputs, "something 1.0")
    assert figures["max_abs"] == pytest.approx(1e-4, rel=1e-2)
    assert figures["max_rel"] == pytest.approx(1e-4 / RANGE, rel=1e-2)
    assert figures["cosine"] == pytest.approx(1)
    assert figures["top1"] is True
    assert figures["with"] == "something 1.0"


@pytest.mark.parametrize(
    ("outputs", "message"),
    [
        ([REFERENCE[0][:, :9]], "shapes"),
        ([REFERENCE[0], REFERENCE[0]], "shapes"),
        ([np.full_like(REFERENCE[0], np.nan)], "NaN"),
        ([np.zeros_like(REFERENCE[0])], "off by 1 of"),
        ([REFERENCE[0] + np.float32(0.01 * RANGE)], "off by 0.01 of"),
    ],
)
def test_what_does_not_agree_is_refused(outputs: list[np.ndarray], message: str) -> None:
    with pytest.raises(ParityError, match=message):
        parity(REFERENCE, outputs, "something 1.0")


def test_sensitivity_tells_a_network_from_one_that_ignores_its_input() -> None:
    weights = picture((12, 5), 9)
    alive = sensitivity(lambda given: [given.reshape(1, -1) @ weights], (1, 3, 2, 2))
    dead = sensitivity(lambda _given: [np.ones((1, 5), np.float32)], (1, 3, 2, 2))
    assert alive["zero_input"] == pytest.approx(1)
    assert min(alive.values()) > 0.1
    assert set(dead.values()) == {0.0}
