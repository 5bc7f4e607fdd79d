"""Several inputs against the reference, and wrong ones against the right one."""

import numpy
import pytest

from runner import agreement, inputs

INPUTS = [{"name": "input", "shape": [1, 3, 3], "dtype": "float32", "axes": [0, 2, 1]}]


@pytest.fixture
def request_(tmp_path):
    """A request whose reference holds twice the input, for three seeds."""
    path = tmp_path / "reference.npz"
    named = {}
    for seed in range(3):
        (given,) = inputs.make(INPUTS, seed)
        named[f"seed_{seed}_output_0"] = given * 2
    numpy.savez(str(path), **named)
    return {"inputs": INPUTS, "seed": 0, "reference": {"path": str(path), "seeds": [0, 1, 2]}}


def double(arrays):
    return [arrays[0] * 2]


def test_every_seed_of_the_reference_is_compared(request_):
    asked = []

    def infer(arrays):
        asked.append(arrays)
        return double(arrays)

    figures = agreement.check(request_, infer, double(inputs.make(INPUTS, 0)))
    assert (figures["agree"], figures["inputs"], figures["max_abs"]) == (3, 3, 0)
    assert len(asked) == 2  # the first was computed already


def test_the_worst_seed_counts(request_):
    figures = agreement.check(request_, lambda arrays: [-2 * arrays[0]], double(inputs.make(INPUTS, 0)))
    assert (figures["agree"], figures["inputs"]) == (1, 3)
    assert figures["max_rel"] == pytest.approx(2)


def test_one_seed_is_enough_for_a_launch(request_):
    request_["reference"].pop("seeds")
    figures = agreement.check(request_, lambda arrays: pytest.fail("computed"), double(inputs.make(INPUTS, 0)))
    assert figures["inputs"] == 1


def test_a_model_that_ignores_its_input_is_told_from_one_that_does_not(request_):
    outputs = double(inputs.make(INPUTS, 0))
    alive = agreement.sensitivity(request_, double, outputs)
    assert alive["zero_input"] == 1
    assert set(alive) == {"other_input", "zero_input", "transposed_input"}
    assert min(alive.values()) > 0.1
    dead = agreement.sensitivity(request_, lambda arrays: outputs, outputs)
    assert set(dead.values()) == {0.0}


def test_what_is_no_wrong_input_is_left_out(request_):
    request_["inputs"] = [{"name": "rate", "shape": [2], "dtype": "int64", "range": [8, 8]}]
    assert agreement.sensitivity(request_, lambda arrays: pytest.fail("computed"), [numpy.ones(2)]) == {}


def test_a_launch_tells_both(launch, request_for, request_):
    done = launch(request_for(reference=None, inputs=INPUTS, measure=["output", "sensitivity"]))
    (said,) = [event for event in done.events if event["event"] == "output"]
    assert said["sensitivity"]["other_input"] > 0
    assert said["parity"] is None
