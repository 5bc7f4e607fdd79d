"""Time to the first inference: how long each phase takes in each arm, and what the container adds.

One number a launch goes in, as everywhere: the figures are medians over launches, ratios are paired by block
(ratios.py). Every arm but `cold-cache` starts with its files in memory, since the launch before had read them.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

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
    found = {name: rows[column].to_numpy(dtype=float) for name, column in _COLUMNS.items()}
    return {name: _median_ms(values[~np.isnan(values)]) for name, values in found.items()}


def compare(rows: pd.DataFrame) -> dict[str, dict[str, Any]]:
    """Ratio or ablation → `ratio` and `ci95` of the time to the first inference, of one cell; those that there are."""
    arms, blocks, ns = (rows[name].to_numpy() for name in ("arm", "block", _COLUMNS[TOTAL]))
    by_arm: dict[str, dict[int, float]] = {}
    for arm, block, total_ns in zip(arms, blocks, ns, strict=True):
        if not np.isnan(total_ns):
            by_arm.setdefault(str(arm), {})[int(block)] = float(total_ns)
    totals = {arm: LaunchMedians(of_arm) for arm, of_arm in by_arm.items()}
    return {
        name: {"ratio": found.ratio, "ci95": list(found.ci95), "blocks": found.blocks}
        for name, pair in {**RATIOS, **PAIRS}.items()
        if (found := _between(pair, totals)) is not None
    }


def _between(pair: tuple[str, str], totals: Mapping[str, LaunchMedians]) -> Any:
    numerator, denominator = (totals.get(arm) for arm in pair)
    return difference(numerator, denominator) if numerator and denominator else None


def _median_ms(values: NDArray[np.float64]) -> float | None:
    return float(np.median(values)) / 1e6 if values.size else None
