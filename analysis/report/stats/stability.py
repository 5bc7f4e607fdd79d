"""Inside a launch: is it steady, does it drift, how many of its samples lie far out?

Samples of one launch depend on one another, so no test takes them for independent: each launch is cut into PARTS equal
parts in the order of time, and gives one number to each question. The tests are over launches.

    start   by how much the first part is slower than the others: its log median less the median of theirs
    drift   by how much it gets slower from the second part to the last: the least-squares slope over their log medians
    far     the share of samples above the third quartile by more than three times the distance between the quartiles
            (Tukey's "far out"); they are counted and never removed

A cell in an arm is called unsteady, or drifting, when the 95 % t interval over launches excludes 0 and the mean is at
least NOTICED: an effect that is sure and too small to bear on the finest verdict is none.
"""

from collections.abc import Sequence
from statistics import median
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analysis.data.launches import Launch
from analysis.report.stats.ratios import FEWEST, LEVEL
from analysis.report.stats.student import t_factor
from analysis.report.stats.tail import fewest
from bench.journal.journal import Run

PARTS = 5
FEWEST_SAMPLES = 4 * PARTS  # of a launch that is looked into
NOTICED = 0.01
_SLOPE = np.linspace(-0.5, 0.5, PARTS - 1) / np.sum(np.linspace(-0.5, 0.5, PARTS - 1) ** 2)  # × log medians: the change
PART_COLUMNS = [f"part_{index}" for index in range(1, PARTS + 1)]
_NUMBERS = [*PART_COLUMNS, "start", "drift", "far", "p999_ns", "launch_s", "sample_s"]


def look(run: Run, launches: pd.DataFrame) -> pd.DataFrame:
    """The launches of launches.py with what is inside those that have a number and enough samples; NaN for the others.

    New columns: `part_1` … (log medians, of ns), `start`, `drift` (logs), `far` (a share), `p999_ns` (where tail.py has
    a use for it), `launch_s` (what the launch took besides its samples) and `sample_s` (the mean sample).
    """
    good = set(launches.loc[(launches["status"] == "ok") & (launches["n"] >= FEWEST_SAMPLES), "launch"])
    rows = [_row(record) for record in run.launches if record["launch"] in good]
    seen = pd.DataFrame(rows, columns=["launch", *_NUMBERS]).astype(dict.fromkeys(_NUMBERS, "float64"))
    return launches.merge(seen, on="launch", how="left")


def describe(launches: Sequence[Launch]) -> dict[str, Any]:
    """What the launches of one cell in one arm (rows of `look`) say of themselves; the keys are those of the report."""
    names = ("start", "drift", "far")
    start, drift, far = (np.array([launch[name] for launch in launches], dtype=float) for name in names)
    seen = ~np.isnan(start)
    return {
        "launches": int(seen.sum()),
        "start": _over_launches(start[seen]),
        "drift": _over_launches(drift[seen]),
        "far": float(far[seen].mean()) if seen.any() else None,
    }


def _row(record: dict[str, Any]) -> dict[str, Any]:
    timings = np.asarray(record["samples"], dtype=np.int64)
    parts = part_medians(timings)
    total = float(timings.sum()) / 1e9
    wall = record.get("wall_ns")
    return {
        "launch": record["launch"],
        **dict(zip(PART_COLUMNS, parts, strict=True)),
        "start": parts[0] - median(parts[1:].tolist()),
        "drift": _SLOPE @ parts[1:],
        "far": _far(timings),
        "p999_ns": np.quantile(timings, 0.999) if timings.size >= fewest("p99.9") else float("nan"),
        "launch_s": wall / 1e9 - total if type(wall) is int else float("nan"),
        "sample_s": total / timings.size,
    }


def part_medians(timings: NDArray[np.int64]) -> NDArray[np.float64]:
    """The log median of each part, in the order of time. What does not divide is left out at the front."""
    size = timings.size // PARTS
    parts = np.sort(timings[-size * PARTS :].reshape(PARTS, size), axis=1)
    middle: NDArray[np.float64] = np.log((parts[:, (size - 1) // 2] + parts[:, size // 2]) / 2)
    return middle


def _far(timings: NDArray[np.int64]) -> float:
    low, high = np.sort(timings)[[timings.size // 4, timings.size * 3 // 4]]
    return float(np.mean(timings > high + 3 * (high - low)))


def _over_launches(logs: NDArray[np.float64]) -> dict[str, Any]:
    """The mean change as a fraction, its 95 % interval, and whether it is one to speak of."""
    if logs.size < FEWEST:
        return {"change": None, "ci95": None, "noticed": False}
    mean, error = float(logs.mean()), float(logs.std(ddof=1)) / logs.size**0.5
    reach = float(t_factor(logs.size, LEVEL)) * error
    low, high, change = (float(np.expm1(each)) for each in (mean - reach, mean + reach, mean))
    return {"change": change, "ci95": [low, high], "noticed": not low <= 0 <= high and abs(change) >= NOTICED}
