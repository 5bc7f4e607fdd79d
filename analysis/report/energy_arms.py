"""The energy pass condensed: a dictionary for each cell and arm, from the frame of energy.py, in the order of the plan.

    cell, device, framework, model, precision, arm
    scope                        what the energy is of
    launches, failed             with and without a number
    energy_j, energy_idle_subtracted_j
                                 the mean over launches, per inference
    energy_uncertainty_j, energy_idle_subtracted_uncertainty_j
                                 expanded: the 95 % t interval over launches, and the meter's limits
    meter_stated                 false: the vendor states no limits of error, and the uncertainty lacks them
    power_w, idle_power_w        means over launches
    temperature_c                the highest
    throttled                    in how many launches something was held back

NaN where there is no number.
"""

from math import hypot, sqrt
from typing import Any

import numpy as np
import pandas as pd

from analysis.data.energy_budget import K
from analysis.data.launches import arms_in_order
from analysis.report.stats.ratios import FEWEST, LEVEL
from analysis.report.stats.student import t_factor

ENERGIES = ("energy_j", "energy_idle_subtracted_j")
_NAMES = ("device", "framework", "model", "precision")


def energy_arms(energy: pd.DataFrame) -> list[dict[str, Any]]:
    """See above; empty without an energy pass."""
    return [
        _arm(str(cell), arm, of_cell[of_cell["arm"] == arm])
        for cell, of_cell in energy.groupby("cell", sort=False)
        for arm in arms_in_order(set(of_cell["arm"]))
    ]


def _arm(cell: str, arm: str, rows: pd.DataFrame) -> dict[str, Any]:
    good = rows[rows["status"] == "ok"]
    figures: dict[str, Any] = {}
    for name in ENERGIES:
        figures[name] = float(good[name].mean())
        figures[uncertainty_of(name)] = _uncertainty(good, name)
    return {
        "cell": cell,
        **{name: str(rows[name].iloc[0]) for name in _NAMES},
        "arm": arm,
        "scope": rows["scope"].iloc[0] or "unknown scope",
        "launches": len(good),
        "failed": len(rows) - len(good),
        **figures,
        "meter_stated": bool(good["energy_meter_j"].notna().all()),
        "power_w": float(good["power_w"].mean()),
        "idle_power_w": float(good["idle_power_w"].mean()),
        "temperature_c": float(rows["temperature_c"].max()),
        "throttled": int(rows["throttled"].sum()),
    }


def uncertainty_of(name: str) -> str:
    """The key that holds the expanded uncertainty of an energy."""
    return name.replace("_j", "_uncertainty_j")


def _uncertainty(good: pd.DataFrame, name: str) -> float:
    """Expanded. What scatters between launches is in the interval over them; the meter's limits are in none of it."""
    if len(good) < FEWEST:
        return float(good[uncertainty_of(name)].mean())
    spread = float(t_factor(len(good), LEVEL)) * float(good[name].std(ddof=1)) / sqrt(len(good))
    # The meter's relative limit holds for either energy alike.
    limits = good["energy_meter_j"] * good[name].abs() / good["energy_j"]
    return hypot(spread, K * float(np.nan_to_num(limits.mean())))
