"""Tail latency, where the samples allow it: a quantile q of a launch is told when the launch has at least 10 / (1 − q)
samples, so that some ten of them lie beyond it: 1,000 for p99, 10,000 for p99.9.

With fewer, the figure is near the slowest sample of that one launch, and says more about the number of samples than
about the tail. Each launch gives its own quantile, and the figure is the median over launches; launches are not pooled.
"""

from collections.abc import Sequence
from statistics import median
from typing import Any

from analysis.data.launches import Launch

QUANTILES = {"p99": 0.99, "p99.9": 0.999}
COLUMNS = {"p99": "p99_ns", "p99.9": "p999_ns"}
BEYOND = 10  # samples that must be expected beyond a quantile


def fewest(name: str) -> int:
    """The samples that a launch needs for a quantile."""
    return round(BEYOND / (1 - QUANTILES[name]))


def tails(launches: Sequence[Launch]) -> dict[str, Any]:
    """Quantile → `ms` and of how many `launches`; null where no launch has enough samples."""
    return {name: _tail(launches, name) for name in QUANTILES}


def _tail(launches: Sequence[Launch], name: str) -> dict[str, Any] | None:
    found = [launch[COLUMNS[name]] for launch in launches if launch["n"] >= fewest(name)]
    return {"ms": median(found) / 1e6, "launches": len(found)} if found else None
