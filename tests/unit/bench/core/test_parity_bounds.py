"""Which figures are good enough for a precision, and which wrong input shows that a model ignores its input."""

import pytest

from bench.core.matrix.parity_bounds import BOUNDS, insensitive, outside

PERFECT = {"max_rel": 0.0, "cosine": 1.0}


@pytest.mark.parametrize("precision", BOUNDS)
def test_what_is_within_passes_and_what_is_outside_says_by_how_much(precision: str) -> None:
    bounds = BOUNDS[precision]
    assert outside(precision, PERFECT) is None
    assert outside(precision, bounds) is None
    assert "range" in (outside(precision, PERFECT | {"max_rel": 1.01 * bounds["max_rel"]}) or "")
    assert "cosine" in (outside(precision, PERFECT | {"cosine": bounds["cosine"] - 1e-5}) or "")


def test_another_input_is_outside_of_every_bound() -> None:
    for bounds in BOUNDS.values():
        assert bounds["max_rel"] < 0.8  # what the nearest wrong input of the catalogue changes
        assert bounds["cosine"] > 0.6


@pytest.mark.parametrize("precision", BOUNDS)
def test_a_model_that_ignores_its_input_is_found_out_whatever_its_parity(precision: str) -> None:
    reference = {"other_input": 1.1, "zero_input": 0.9}
    assert insensitive(precision, {"other_input": 1.0, "zero_input": 0.8}, reference) is None
    assert "zero input" in (insensitive(precision, {"other_input": 1.0, "zero_input": 0.0}, reference) or "")
    assert "other input" in (insensitive(precision, {}, reference) or "")


def test_int8_need_not_go_beyond_the_range_that_calibration_saw() -> None:
    reference = {"other_input": 1.1, "zero_input": 4.5}
    saturated = {"other_input": 1.0, "zero_input": 2.0}
    assert insensitive("int8", saturated, reference) is None
    assert insensitive("int8", saturated | {"zero_input": 0.9}, reference) is not None
    assert insensitive("fp32", saturated, reference) is not None
