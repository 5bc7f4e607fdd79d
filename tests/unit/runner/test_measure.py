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


@pytest.fixture
def windows(monkeypatch):
    def run(step, window, **bounds):
        clock = Clock(step)
        monkeypatch.setattr(measure, "perf_counter_ns", lambda: clock.now)
        monkeypatch.setattr(measure, "monotonic_ns", lambda: clock.now)
        bounds = {"iterations": 1, "max_iterations": 10**9, **bounds}
        every = list(measure.time_windows(clock.infer, None, [], bounds, window))
        assert clock.calls == sum(count for _, _, count, _ in every)
        return every

    return run


def test_windows_follow_one_another_and_say_how_many_inferences_each_had(windows):
    found = windows(10**8, window=0.5, seconds=2.0)
    assert [count for _, _, count, _ in found] == [5, 5, 5, 5]
    assert [(start, end) for start, end, _, _ in found] == [(n * 5 * 10**8, (n + 1) * 5 * 10**8) for n in range(4)]
    assert {median for _, _, _, median in found} == {10**8}


def test_an_inference_longer_than_a_window_is_a_window(windows):
    assert [count for _, _, count, _ in windows(3 * 10**9, window=1.0, seconds=5.0)] == [1, 1]


def test_windows_end_at_the_most_iterations(windows):
    assert [count for _, _, count, _ in windows(10**8, window=0.5, seconds=60.0, max_iterations=12)] == [5, 5, 2]


def test_windows_go_on_until_the_iterations_are_reached(windows):
    assert sum(count for _, _, count, _ in windows(10**8, window=0.5, seconds=0, iterations=7)) == 10


def test_a_window_of_more_inferences_than_are_kept_is_one_all_the_same(windows, monkeypatch):
    monkeypatch.setattr(measure, "KEPT", 3)
    assert [count for _, _, count, _ in windows(10**8, window=1.0, seconds=1.0)] == [10]


def test_collection_is_off_while_it_times_and_on_again_after_a_failure():
    seen = []

    def infer(_session, _inputs):
        seen.append(gc.isenabled())
        raise RuntimeError

    with pytest.raises(RuntimeError):
        measure.time_calls(infer, None, [], {"iterations": 1, "seconds": 0, "max_iterations": 1})
    assert seen == [False]
    assert gc.isenabled()
