"""The timing loops: nothing happens between two readings of the clock but one inference."""

import gc
from array import array
from contextlib import contextmanager
from statistics import median

from runner.clock import monotonic_ns, perf_counter_ns

KEPT = 100000  # times of a window from which its median is taken: the first of them, should there be more


def time_calls(infer, session, inputs, bounds):
    """Time `infer(session, inputs)` again and again; returns an array of nanoseconds, one for each call.

    Ends when both `bounds["iterations"]` and `bounds["seconds"]` are reached, or at `bounds["max_iterations"]`.
    The array is made before the first call and nothing is written anywhere until the last. Raises what `infer` raises.
    """
    most, enough, least_ns = bounds["max_iterations"], bounds["iterations"], int(bounds["seconds"] * 1e9)
    samples = array("q", [0]) * most
    clock = perf_counter_ns
    count = 0
    with _no_collection():
        begin = clock()
        while count < most:
            start = clock()
            infer(session, inputs)
            end = clock()
            samples[count] = end - start
            count += 1
            if count >= enough and end - begin >= least_ns:
                break
    del samples[count:]
    return samples


def time_windows(infer, session, inputs, bounds, seconds):
    """Infer without a pause and yield (start, end, inferences, median) of every window of so many `seconds`.

    Start and end are ns of the monotonic clock, which sensors share; the median is ns of one inference. One follows the
    other at once, but for the moment that the caller takes: windows are for what goes on for minutes, where keeping
    every time would not do. Ends as time_calls does, at the end of a window. Raises what `infer` raises.
    """
    enough, most = bounds["iterations"], bounds["max_iterations"]
    times = array("q", [0]) * KEPT
    clock, count = perf_counter_ns, 0
    with _no_collection():
        begin = clock()
        while count < most and (count < enough or clock() - begin < bounds["seconds"] * 1e9):
            start, first, number = monotonic_ns(), clock(), 0
            while True:
                before = clock()
                infer(session, inputs)
                after = clock()
                if number < KEPT:
                    times[number] = after - before
                number += 1
                if after - first >= seconds * 1e9 or count + number >= most:
                    break
            end = monotonic_ns()
            count += number
            yield start, end, number, int(median(times[: min(number, KEPT)]))


@contextmanager
def _no_collection():
    """Garbage collection off, and what is alive by now out of its sight (Python 3.7 and up)."""
    was_on = gc.isenabled()
    gc.collect()
    gc.disable()
    if hasattr(gc, "freeze"):
        gc.freeze()
    try:
        yield
    finally:
        if hasattr(gc, "unfreeze"):
            gc.unfreeze()
        if was_on:
            gc.enable()
