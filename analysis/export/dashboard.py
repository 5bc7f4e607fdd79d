"""A report as the JSON that github-action-benchmark draws over time, with `tool: customSmallerIsBetter`."""

from typing import Any

from analysis.data.launches import Loaded
from analysis.report.stats.interval import typical_of
from bench.core.terminal import printable


def dashboard(loaded: Loaded) -> list[dict[str, Any]]:
    """One entry a cell and arm: `name`, `unit` (ms), `value`, `range` and `extra`, which the page shows on pointing.

    The value is the geometric mean over launches of their medians, the range its 95 % t interval on logarithms.
    """
    good = loaded.launches[loaded.launches["status"] == "ok"]
    entries = []
    for (cell, arm), rows in good.groupby(["cell", "arm"], sort=False):
        value, low, high = typical_of(rows["median_ns"] / 1e6)
        name = printable(f"{cell} ({arm})")
        entry = {"name": name, "unit": "ms", "value": value, "extra": f"{len(rows)} launches"}
        entries.append(entry | ({"range": f"{low:.4g} … {high:.4g}"} if low == low else {}))
    return entries
