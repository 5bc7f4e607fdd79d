"""The same picture for every framework, whatever its layout."""

import numpy
import pytest

from runner import inputs


def entry(**changes):
    return {"name": "input", "shape": [1, 3, 4, 5], "dtype": "float32", "axes": None, **changes}


def test_inputs_are_what_the_protocol_says():
    wanted = numpy.random.RandomState(7).standard_normal([1, 3, 4, 5]).astype("float32")
    assert numpy.array_equal(inputs.make([entry()], 7)[0], wanted)


def test_every_input_has_a_seed_of_its_own():
    first, second = inputs.make([entry(), entry()], 0)
    assert numpy.array_equal(second, inputs.make([entry()], 1)[0])
    assert not numpy.array_equal(first, second)


def test_another_layout_is_the_same_picture_made_contiguous():
    (plain,) = inputs.make([entry()], 0)
    (moved,) = inputs.make([entry(axes=[0, 2, 3, 1])], 0)
    assert moved.shape == (1, 4, 5, 3)
    assert moved.flags.c_contiguous
    assert numpy.array_equal(moved.transpose(0, 3, 1, 2), plain)


def test_integers_are_drawn_from_their_range_with_both_ends():
    (ids,) = inputs.make([entry(shape=[4, 200], dtype="int64", range=[3, 6])], 0)
    assert ids.dtype == "int64"
    assert set(ids.ravel().tolist()) == {3, 4, 5, 6}
    assert numpy.array_equal(ids, numpy.random.RandomState(0).randint(3, 7, [4, 200], numpy.int64))


def test_floats_and_scalars_may_have_a_range_too():
    (values,) = inputs.make([entry(range=[0, 1])], 0)
    assert values.min() >= 0
    assert values.max() <= 1
    (rate,) = inputs.make([entry(shape=[], dtype="int64", range=[16000, 16000])], 0)
    assert (rate.shape, rate.item()) == ((), 16000)


@pytest.mark.parametrize(
    "change", [{"dtype": "picture"}, {"axes": [0, 0, 1, 2]}, {"shape": [-1]}, {"dtype": "int64"}, {"dtype": "str"}]
)
def test_an_input_that_makes_no_sense_is_the_request_s_fault(launch, request_for, change):
    done = launch(request_for(inputs=[entry(**change)]))
    assert (done.code, done.events[-1]["class"]) == (1, "request")
