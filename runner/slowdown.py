"""Making inferences slower by a known share, on purpose: what `bench selftest` has the instrument find again."""

from runner.clock import perf_counter_ns


def slowed(infer, share):
    """`infer`, after which the clock is watched until (1 + share) times what it took has passed; itself for 0.

    The share is of each inference's own time, so that it multiplies whatever was really measured. It is exact to a
    reading of the clock and a call.
    """
    if not share:
        return infer
    clock = perf_counter_ns

    def slow(session, inputs):
        start = clock()
        outputs = infer(session, inputs)
        end = start + int((clock() - start) * (1 + share))
        while clock() < end:
            pass
        return outputs

    return slow
