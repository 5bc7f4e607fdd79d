"""How many times faster one cell of a run is than another: launches paired by block, as in ratios.py.

Blocks hold one launch of every cell, so that what drifts over minutes is in both. Only cells of one run are paired.
"""

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import pandas as pd

from analysis.report.evidence import READ_FIRST, Evidence
from analysis.report.stats.ratios import MARGIN, Estimate, LaunchMedians, estimate

Medians = dict[int, float]  # block → ns


def arm_of_both(evidence: Evidence, run_id: str, one: str, other: str) -> str | None:
    """The arm in which both cells of a run are read, or None where no arm has both."""
    arms = dict.fromkeys([*READ_FIRST, *(place[2] for place in evidence.medians)])
    return next((arm for arm in arms if all((run_id, cell, arm) in evidence.medians for cell in (one, other))), None)


def speedup(fast: Medians, slow: Medians) -> dict[str, Any]:
    """slow / fast as `value`, `low`, `high`, `launches` (blocks with both), `interval`, `outcome`, `verdict`."""
    return _described(estimate(LaunchMedians(slow), LaunchMedians(fast)))


def mean_speedup(pairs: Sequence[tuple[Medians, Medians]], margin: float = MARGIN) -> dict[str, Any]:
    """The geometric mean of several speedups (fast, slow), over the blocks that all of them have."""
    blocks = set.intersection(*(set(side) for pair in pairs for side in pair)) if pairs else set()

    def mean(which: int) -> LaunchMedians:
        logs = {block: [np.log(pair[which][block]) for pair in pairs] for block in blocks}
        return LaunchMedians({block: float(np.exp(np.mean(values))) for block, values in logs.items()})

    return _described(estimate(mean(1), mean(0), margin))


def _described(found: Estimate) -> dict[str, Any]:
    low, high = found.ci95 or (np.nan, np.nan)
    return {
        "value": np.nan if found.ratio is None else found.ratio,
        "low": low,
        "high": high,
        "interval": "95 % over launches" if found.ci95 else "",
        "launches": found.blocks,
        "verdict": found.verdict,
        "outcome": "ok" if found.ratio is not None else str(found.reason),
    }


def as_table(rows: list[dict[str, Any]], columns: Iterable[str]) -> pd.DataFrame:
    """Rows as dictionaries, as a tidy table with these columns."""
    numbers = dict.fromkeys(("value", "low", "high"), "float64")
    return pd.DataFrame(rows, columns=list(columns)).astype({"launches": "Int64", **numbers})
