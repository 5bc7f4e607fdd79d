"""Parity: the worst of all seeds and outputs, what cannot be compared, and a network that ignores its input is seen."""

import numpy as np
import pytest

from models.inputs import picture
from models.parity import ParityError, parity, sensitivity

REFERENCE = [picture((1, 10), 0) * 5]
RANGE = float(np.abs(REFERENCE[0]).max())
INPUTS = [{"name": "input", "shape": [1, 3, 2, 2], "dtype": "float32"}]


def test_figures_of_a_small_error() -> None:
    outputs = [REFERENCE[0].copy()]
    outputs[0][0, 3] += np.float32(1e-4)
    figures = parity([REFERENCE], [outputs], "something 1.0")
    assert figures["max_abs"] == pytest.approx(1e-4, rel=1e-2)
    assert figures["max_rel"] == pytest.approx(1e-4 / RANGE, rel=1e-2)
    assert figures["cosine"] == pytest.approx(1)
    assert figures["top1"] is True
    assert figures["with"] == "something 1.0"


def test_the_worst_input_counts_and_those_that_agree_are_counted() -> None:
    figures = parity([REFERENCE] * 3, [REFERENCE, [-REFERENCE[0]], REFERENCE], "something 1.0")
    assert (figures["agree"], figures["inputs"], figures["top1"]) == (2, 3, False)
    assert figures["max_rel"] == pytest.approx(2)
    assert figures["cosine"] == pytest.approx(-1)


@pytest.mark.parametrize(
    ("outputs", "message"),
    [
        ([REFERENCE[0][:, :9]], "shapes"),
        ([REFERENCE[0], REFERENCE[0]], "shapes"),
        ([np.full_like(REFERENCE[0], np.nan)], "NaN"),
    ],
)
def test_what_cannot_be_compared_is_refused(outputs: list[np.ndarray], message: str) -> None:
    with pytest.raises(ParityError, match=message):
        parity([REFERENCE], [outputs], "something 1.0")


def test_outputs_of_zeros_have_figures() -> None:
    figures = parity([REFERENCE], [[np.zeros_like(REFERENCE[0])]], "something 1.0")
    assert (figures["max_rel"], figures["cosine"]) == (1, 0)


def test_sensitivity_tells_a_network_from_one_that_ignores_its_input() -> None:
    weights = picture((12, 5), 9)
    alive = sensitivity(lambda given: [given[0].reshape(1, -1) @ weights], INPUTS)
    dead = sensitivity(lambda _given: [np.ones((1, 5), np.float32)], INPUTS)
    assert alive["zero_input"] == pytest.approx(1)
    assert min(alive.values()) > 0.1
    assert set(dead.values()) == {0.0}


def test_a_wrong_input_that_is_the_right_one_is_left_out() -> None:
    rate = [{"name": "rate", "shape": [], "dtype": "int64", "range": [16000, 16000]}]
    assert sensitivity(lambda given: [given[0].astype(np.float32)], rate) == {}
