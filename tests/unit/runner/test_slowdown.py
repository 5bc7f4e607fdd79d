"""Inferences that are slower by a known share, and launches that say so."""

import pytest

from runner import slowdown
from tests.support.runner_fakes import fake


def clock(monkeypatch: pytest.MonkeyPatch, *, inference: int, reading: int) -> list[int]:
    """A clock of which each reading takes so many ns; what it says by now."""
    now = [0]

    def read() -> int:
        now[0] += reading
        return now[0]

    monkeypatch.setattr(slowdown, "perf_counter_ns", read)
    return now


@pytest.mark.parametrize("share", [0.01, 0.1, 1.0])
def test_an_inference_takes_its_own_time_and_the_share_of_it(monkeypatch, share):
    now = clock(monkeypatch, inference=10_000, reading=1)

    def infer(session, inputs):
        now[0] += 10_000
        return [session, inputs]

    slow = slowdown.slowed(infer, share)
    before = now[0]
    assert slow("session", "inputs") == ["session", "inputs"]
    assert now[0] - before == pytest.approx(10_000 * (1 + share), abs=4)


def test_without_a_share_it_is_the_inference_itself():
    def infer(session, inputs):
        raise AssertionError

    assert slowdown.slowed(infer, 0.0) is infer


def test_a_launch_says_that_it_was_slowed_down(launch, request_for):
    adapter = fake(infer="def infer(session, inputs):\n    import time\n    time.sleep(0.002)\n    return inputs")
    events = launch(request_for(framework="fake", slowdown=1.0), adapter).events
    assert events[0]["slowdown"] == 1.0
    timed = next(event for event in events if event["event"] == "samples" and not event["warmup"])
    assert min(timed["ns"]) >= 4_000_000
    assert launch(request_for()).events[0]["slowdown"] == 0.0


@pytest.mark.parametrize("wrong", [-0.1, 11, "5 %", True, None])
def test_a_slowdown_that_is_none_is_refused(launch, request_for, wrong):
    done = launch(request_for(slowdown=wrong))
    assert done.code == 1
    assert done.events[-1]["class"] == "request"
    assert "slowdown" in done.events[-1]["message"]
