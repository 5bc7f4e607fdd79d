"""The timing loop and its stop rule."""

import gc

import pytest

from runner import measure


class Clock:
    """A clock that an inference moves on by `step` ns."""

    def __init__(self, step):
        self.now, self.step, self.calls = 0, step, 0

    def infer(self, _session, _inputs):
        self.now += self.step
        self.calls += 1


@pytest.fixture
def timed(monkeypatch):
    def run(step, **bounds):
        clock = Clock(step)
        monkeypatch.setattr(measure, "perf_counter_ns", lambda: clock.now)
        samples = measure.time_calls(clock.infer, None, [], {"max_iterations": 1000, **bounds})
        assert clock.calls == len(samples)
        return samples

    return run


def test_every_sample_is_one_inference(timed):
    assert timed(7, iterations=3, seconds=0).tolist() == [7, 7, 7]


def test_it_goes_on_until_the_iterations_are_reached(timed):
    assert len(timed(10**9, iterations=5, seconds=1.0)) == 5


def test_it_goes_on_until_the_seconds_are_reached(timed):
    assert len(timed(10**8, iterations=2, seconds=1.0)) == 10


def test_it_ends_at_the_most_iterations_whatever_is_missing(timed):
    assert len(timed(1, iterations=50, seconds=60.0, max_iterations=20)) == 20


def test_collection_is_off_while_it_times_and_on_again_after_a_failure():
    seen = []

    def infer(_session, _inputs):
        seen.append(gc.isenabled())
        raise RuntimeError

    with pytest.raises(RuntimeError):
        measure.time_calls(infer, None, [], {"iterations": 1, "seconds": 0, "max_iterations": 1})
    assert seen == [False]
    assert gc.isenabled()
