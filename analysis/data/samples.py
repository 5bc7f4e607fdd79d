"""The samples of one launch: whether they are timings, and their quantiles."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from analysis.data.fields import DAY_NS


def wrong_samples(samples: Any) -> str | None:
    """Why this is not a list of timings in ns, or None: integers above 0 and below a day."""
    if not isinstance(samples, list) or not samples:
        return "it has no samples"
    if set(map(type, samples)) != {int}:  # refuses true, 1.5, NaN and "1" alike, at the speed of C
        index, odd = next((i, x) for i, x in enumerate(samples) if type(x) is not int)
        return f"sample {index} is {odd!r:.40}, not an integer"
    if min(samples) <= 0 or max(samples) >= DAY_NS:
        index = next(i for i, x in enumerate(samples) if not 0 < x < DAY_NS)
        return f"sample {index} is not between 0 and a day"
    return None


def quantiles(timings: NDArray[np.int64]) -> list[float]:
    """Median, 90 % and 99 % quantile, linear between neighbours: to the bit what `np.percentile` says.

    That takes 0.1 ms to get ready, which is most of loading when it is done for every launch.
    """
    ordered = np.sort(timings)
    last = len(ordered) - 1
    found = []
    for part in (0.5, 0.9, 0.99):
        position = last * part
        index = int(position)
        low, high, weight = int(ordered[index]), int(ordered[min(index + 1, last)]), position - index
        step = high - low
        found.append(low + step * weight if weight < 1 / 2 else high - step * (1 - weight))  # exact at either end
    return found
