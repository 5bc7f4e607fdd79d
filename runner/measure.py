"""The timing loop: nothing happens between two readings of the clock but one inference."""

import gc
from array import array
from contextlib import contextmanager

from runner.clock import perf_counter_ns


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
