"""The two clocks of a launch, in integer nanoseconds; Python 3.6 has neither `_ns` form.

A float of seconds still holds single nanoseconds for the first hundred days after boot.
"""

import time

if hasattr(time, "perf_counter_ns"):
    monotonic_ns = time.monotonic_ns
    perf_counter_ns = time.perf_counter_ns
else:

    def monotonic_ns():
        """Nanoseconds of the clock that all processes of this machine share."""
        return int(time.monotonic() * 1e9)

    def perf_counter_ns():
        """Nanoseconds of the clock with the finest resolution."""
        return int(time.perf_counter() * 1e9)
