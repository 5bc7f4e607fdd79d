"""Figures that follow from the reference data: what the study's own means are made of. Nothing here is a new value."""

from collections.abc import Iterable

import numpy as np
import pandas as pd
from scipy import stats

from analysis.data.reference.loader import load


def geometric_mean(values: Iterable[float]) -> float:
    """The mean that the study uses for speedups. Raises ValueError without values or for one that is not above 0."""
    array = np.fromiter(values, dtype=float)
    if not array.size or not (array > 0).all():
        raise ValueError("a geometric mean needs values above 0")
    return float(stats.gmean(array))


def speedups(source: str, device: str, framework: str, over: str) -> "pd.Series[float]":
    """Model → time in `over` / time in `framework`, two frameworks of one figure on one device.

    Networks that ran in only one of them are left out. Raises ValueError for a framework that is not in this figure.
    """
    times = load("times")
    times = times[(times["source"] == source) & (times["device"] == device)]
    if missing := {framework, over} - set(times["framework"]):
        raise ValueError(f"{source} has no time of {' or '.join(sorted(missing))} on {device}")
    by_model = times.pivot(index="model", columns="framework", values="value")
    return (by_model[over] / by_model[framework]).dropna()


def overheads() -> pd.DataFrame:
    """What Docker costs in Fig. 13, a row a model.

    `plotted` is the slowdown in the figure's second axis, `from_labels` the one between its printed times, `rounding`
    how far the latter can be off because the labels are rounded to 0.01 s; all in percent.
    """
    times = load("times").query("source == 'Fig. 13'").pivot(index="model", columns="arm", values="value")
    plotted = load("ratios").query("source == 'Fig. 13'").set_index("model")["value"]
    ratio = times["container"] / times["native"]
    widest = (times["container"] + 5) / (times["native"] - 5)  # ms: half of the last digit
    return pd.DataFrame(
        {"plotted": plotted, "from_labels": 100 * (ratio - 1), "rounding": 100 * (widest - ratio)}, index=times.index
    )
