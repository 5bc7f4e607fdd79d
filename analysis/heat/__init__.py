"""A recording of `bench study thermal`: temperature, clocks, latency and throttling over time."""
