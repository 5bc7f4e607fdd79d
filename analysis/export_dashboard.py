"""A report as the JSON that github-action-benchmark draws over time, with `tool: customSmallerIsBetter`."""

from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from analysis.load import Loaded
from analysis.ratios import FEWEST, LEVEL


def dashboard(loaded: Loaded) -> list[dict[str, Any]]:
    """One entry a cell and arm: `name`, `unit` (ms), `value`, `range` and `extra`, which the page shows on pointing.

    The value is the geometric mean over launches of their medians, the range its 95 % t interval on logarithms.
    """
    good = loaded.launches[loaded.launches["status"] == "ok"]
    entries = []
    for (cell, arm), rows in good.groupby(["cell", "arm"], sort=False):
        value, span = _estimate(rows["median_ns"] / 1e6)
        name = "".join(letter if letter.isprintable() else "�" for letter in f"{cell} ({arm})")
        entry = {"name": name, "unit": "ms", "value": value, "extra": f"{len(rows)} launches"}
        entries.append(entry | ({"range": span} if span else {}))
    return entries


def _estimate(milliseconds: "pd.Series[float]") -> tuple[float, str | None]:
    logs = np.log(milliseconds)
    mean = float(logs.mean())
    if len(logs) < FEWEST or (error := float(stats.sem(logs))) == 0:
        return float(np.exp(mean)), None
    low, high = np.exp(stats.t.interval(LEVEL, len(logs) - 1, loc=mean, scale=error))
    return float(np.exp(mean)), f"{low:.4g} … {high:.4g}"
