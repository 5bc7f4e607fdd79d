"""A report as JSON for github-action-benchmark (`tool: customSmallerIsBetter`), which draws results over time."""

from typing import Any

from analysis.data.launches import Loaded
from analysis.data.number_format import is_nan
from analysis.report.stats.interval import typical_of
from bench.core.terminal import printable


def dashboard(loaded: Loaded) -> list[dict[str, Any]]:
    """Return an entry per cell and arm: `name`, `unit` (ms), `value`, `range` and `extra` (the page's tooltip).

    The value is the geometric mean of the medians of launches. The range is its 95 % t interval on logarithms.
    """
    good = loaded.launches[loaded.launches["status"] == "ok"]
    entries = []
    for (cell, arm), rows in good.groupby(["cell", "arm"], sort=False):
        value, low, high = typical_of(rows["median_ns"] / 1e6)
        name = printable(f"{cell} ({arm})")
        entry = {"name": name, "unit": "ms", "value": value, "extra": f"{len(rows)} launches"}
        entries.append(entry | ({"range": f"{low:.4g} … {high:.4g}"} if not is_nan(low) else {}))
    return entries
