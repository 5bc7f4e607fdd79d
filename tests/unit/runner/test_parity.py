"""Outputs against a reference: what passes, and what ends a launch before it is timed."""

import hashlib

import numpy
import pytest

from runner import parity
from tests.support.runner_fakes import fake

REFERENCE = [numpy.array([[1.0, -4.0, 2.0]], dtype="float32")]


def test_equal_outputs_have_no_error():
    assert parity.compare(REFERENCE, REFERENCE) == {
        "max_abs": 0.0,
        "max_rel": 0.0,
        "cosine": pytest.approx(1.0),
        "top1": True,
    }


def test_the_relative_error_is_over_the_largest_magnitude():
    figures = parity.compare([REFERENCE[0] + 0.5], REFERENCE)
    assert figures["max_abs"] == pytest.approx(0.5)
    assert figures["max_rel"] == pytest.approx(0.125)


def test_the_worst_output_counts():
    other = [-REFERENCE[0]]
    figures = parity.compare(REFERENCE + other, REFERENCE + REFERENCE)
    assert figures["cosine"] == pytest.approx(-1.0)
    assert figures["top1"] is False


@pytest.mark.parametrize(
    ("outputs", "reference", "word"),
    [
        ([], REFERENCE, "0 outputs"),
        ([REFERENCE[0].T], REFERENCE, "shape"),
        (REFERENCE, [REFERENCE[0] * 0], "zero"),
    ],
)
def test_what_cannot_be_compared_is_refused(outputs, reference, word):
    with pytest.raises(parity.OutputError, match=word):
        parity.compare(outputs, reference)


@pytest.mark.parametrize("value", [numpy.nan, numpy.inf, -numpy.inf])
def test_outputs_that_are_not_finite_are_refused(value):
    with pytest.raises(parity.OutputError, match="NaN or an infinity"):
        parity.describe([numpy.array([1.0, value])])


@pytest.mark.parametrize("bounds", [{"max_rel": 0.1}, {"cosine": 0.9999999}])
def test_figures_outside_of_the_bounds_are_refused(bounds):
    with pytest.raises(parity.OutputError):
        parity.judge(parity.compare([REFERENCE[0] + 0.5], REFERENCE), bounds)


@pytest.fixture
def reference(tmp_path):
    path = tmp_path / "reference.npz"
    numpy.savez(path, seed_0_output_0=REFERENCE[0], seed_1_output_0=2 * REFERENCE[0])
    return {
        "path": str(path),
        "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
        "bounds": {"max_rel": 1e-3, "cosine": 0.999},
    }


@pytest.mark.parametrize(("factor", "code"), [(1.0, 0), (1.0001, 0), (1.5, 1), (-1.0, 1)])
def test_a_launch_with_wrong_outputs_has_no_samples(launch, request_for, reference, factor, code):
    infer = f"def infer(session, inputs):\n    return [numpy.array([[1.0, -4.0, 2.0]]) * {factor}]"
    done = launch(request_for(framework="fake", reference=reference), fake(top="import numpy", infer=infer))
    assert done.code == code
    kinds = [event["event"] for event in done.events]
    assert ("samples" in kinds) == (code == 0)
    assert "output" in kinds  # the figures are told either way
    if code:
        assert done.events[-1]["class"] == "output"


def test_a_corrupted_reference_is_refused(launch, request_for, reference):
    reference["sha256"] = "0" * 64
    done = launch(request_for(reference=reference))
    assert done.events[-1]["class"] == "artifact-mismatch"
