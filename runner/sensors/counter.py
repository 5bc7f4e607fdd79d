"""A counter that only goes up, whatever its register does."""

from runner.clock import monotonic_ns
from runner.sensors.base import LIMITS, Fault


class Counter:
    """Joules since the first reading.

    `read` gives the register in J; `span` is what it holds before it begins again, None where it does not. A register
    that goes back, or goes faster than any board can, is a Fault, and counting begins anew: the stream then says that
    the channel was lost, and no difference may be taken over that moment.
    """

    def __init__(self, read, span=None, clock=monotonic_ns):
        self._read, self._span, self._clock = read, span, clock
        self._last, self._total = None, 0.0

    def __call__(self):
        """The joules so far."""
        now, value = self._clock(), self._read()
        last, self._last = self._last, None
        if value < 0:
            raise Fault("{:g} J cannot be".format(value))
        if last is not None:
            self._total += self._step(value, last[0], (now - last[1]) / 1e9)
        self._last = (value, now)
        return self._total

    def _step(self, value, before, seconds):
        step = value - before
        if step < 0 and self._span:
            step += self._span
        if step < 0:
            raise Fault("it went back from {:g} to {:g} J".format(before, value))
        if step > LIMITS["power"][1] * max(seconds, 1e-3):
            raise Fault("{:g} J in {:.3g} s cannot be".format(step, seconds))
        return step
