"""The typical figure of launches, with its interval: geometric mean, and exp of Student's t interval of the logarithms.

The unit is the launch (docs/method.md): what goes in is one figure a launch, never samples of several.
"""

from collections.abc import Iterable

import numpy as np
import pandas as pd

from analysis.report.stats.ratios import FEWEST, LEVEL
from analysis.report.stats.student import t_factor


def typical(frame: pd.DataFrame, column: str, by: list[str]) -> pd.DataFrame:
    """A row a group: `value`, `low`, `high` and `n` of the figures above 0 that the group has in this column.

    Without any the value is NaN, with fewer than FEWEST the bounds are.
    """
    figures = frame[column].where(frame[column] > 0)
    grouped = np.log(figures).groupby([frame[name] for name in by], sort=False, observed=True)
    n, mean = grouped.count(), grouped.mean()
    error = (grouped.std() / np.sqrt(n)).where(n >= FEWEST)
    reach = pd.Series(t_factor(n, LEVEL), index=n.index) * error
    return pd.DataFrame({"value": np.exp(mean), "low": np.exp(mean - reach), "high": np.exp(mean + reach), "n": n})


def typical_of(figures: Iterable[float]) -> tuple[float, float, float]:
    """(value, low, high) of one group, NaN as above."""
    frame = pd.DataFrame({"figure": list(figures)}, dtype="float64").assign(group=0)
    row = typical(frame, "figure", ["group"]).reindex([0])
    return float(row["value"].iloc[0]), float(row["low"].iloc[0]), float(row["high"].iloc[0])
