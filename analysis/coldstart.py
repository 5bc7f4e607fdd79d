"""Time to the first inference: how long each phase takes in each arm, and what the container adds.

One number a launch goes in, as everywhere: the figures are medians over launches, ratios are paired by block
(ratios.py). Every arm but `cold-cache` starts with its files in memory, since the launch before had read them.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from analysis.attribution import PAIRS
from analysis.phases import PHASES, phases, total
from analysis.ratios import RATIOS, LaunchMedians, difference
from bench.journal import Run

TOTAL = "total"
_COLUMNS = {name: f"{name}_phase_ns" for name in (*PHASES, TOTAL)}


def add(run: Run, launches: pd.DataFrame) -> pd.DataFrame:
    """The launches of load.py with each phase and their total in ns, as `create_phase_ns`, ..., `total_phase_ns`."""
    rows = [
        {"launch": record["launch"]}
        | {_COLUMNS[name]: ns for name, ns in phases(record).items()}
        | {_COLUMNS[TOTAL]: total(record)}
        for record in run.launches
    ]
    found = pd.DataFrame(rows, columns=["launch", *_COLUMNS.values()])
    return launches.merge(found.astype(dict.fromkeys(_COLUMNS.values(), "float64")), on="launch", how="left")


def describe(rows: pd.DataFrame) -> dict[str, float | None]:
    """Phase and total → median over the launches of one cell in one arm, in ms; None where no launch says it."""
    medians = {name: float(rows[column].median()) / 1e6 for name, column in _COLUMNS.items()}
    return {name: None if np.isnan(value) else value for name, value in medians.items()}


def compare(rows: pd.DataFrame) -> dict[str, dict[str, Any]]:
    """Ratio or ablation → `ratio` and `ci95` of the time to the first inference, of one cell; those that there are."""
    totals = {
        str(arm): LaunchMedians(dict(zip(of_arm["block"], of_arm[_COLUMNS[TOTAL]], strict=True)))
        for arm, of_arm in rows.dropna(subset=[_COLUMNS[TOTAL]]).groupby("arm")
    }
    return {
        name: {"ratio": found.ratio, "ci95": list(found.ci95), "blocks": found.blocks}
        for name, pair in {**RATIOS, **PAIRS}.items()
        if (found := _between(pair, totals)) is not None
    }


def _between(pair: tuple[str, str], totals: Mapping[str, LaunchMedians]) -> Any:
    numerator, denominator = (totals.get(arm) for arm in pair)
    return difference(numerator, denominator) if numerator and denominator else None
