"""The energy pass in a report: what `bench report --json` has as `energy`, null for a run without one.

scope, meter[]               what the energy is of, and the channels that it is made of
reason                       why nothing was measured, or null
sampler.ratio, ci95, pairs   time of an inference while the sensors are read over the same without; null without pairs
arms[]                       in the order of the plan: cell, arm, and of its launches
  launches, failed           with and without a number
  energy_j, energy_idle_subtracted_j            the mean over launches, per inference
  energy_uncertainty_j, energy_idle_subtracted_uncertainty_j
                             expanded: the 95 % t interval over launches, and the meter's limits
  meter_stated               false: the vendor states no limits of error, and the uncertainty lacks them
  power_w, idle_power_w      means over launches
  temperature_c              the highest
  throttled                  in how many launches something was held back
failures[]                   cell, arm, message, count
"""

from collections import Counter
from math import hypot, sqrt
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from analysis.budget import K
from analysis.load import in_order
from analysis.ratios import FEWEST, LEVEL

ENERGIES = ("energy_j", "energy_idle_subtracted_j")


def energy_report(facts: dict[str, Any], energy: pd.DataFrame) -> dict[str, Any] | None:
    """That part of a report, from run.json and the frame of energy.py."""
    sensors = facts.get("sensors")
    if not isinstance(sensors, dict):
        return None
    meter = sensors.get("meter")
    failed = energy[energy["status"] != "ok"]
    said = Counter(zip(failed["cell"], failed["arm"], failed["message"].fillna(failed["reason"]), strict=True))
    return {
        "scope": sensors.get("scope"),
        "meter": meter if isinstance(meter, list) else [],
        "reason": sensors.get("reason"),
        "sampler": _sampler(energy),
        "arms": [
            _arm(str(cell), arm, of_cell[of_cell["arm"] == arm])
            for cell, of_cell in energy.groupby("cell", sort=False)
            for arm in in_order(set(of_cell["arm"]))
        ],
        "failures": [
            {"cell": cell, "arm": arm, "message": message, "count": count}
            for (cell, arm, message), count in said.most_common()
        ],
    }


def _arm(cell: str, arm: str, rows: pd.DataFrame) -> dict[str, Any]:
    good = rows[rows["status"] == "ok"]
    stated = bool(good["energy_meter_j"].notna().all())
    figures: dict[str, Any] = {}
    for name in ENERGIES:
        figures[name] = float(good[name].mean())
        figures[name.replace("_j", "_uncertainty_j")] = _uncertainty(good, name)
    return {
        "cell": cell,
        "arm": arm,
        "launches": len(good),
        "failed": len(rows) - len(good),
        **figures,
        "meter_stated": stated,
        "power_w": float(good["power_w"].mean()),
        "idle_power_w": float(good["idle_power_w"].mean()),
        "temperature_c": float(rows["temperature_c"].max()),
        "throttled": int(rows["throttled"].sum()),
    }


def _uncertainty(good: pd.DataFrame, name: str) -> float:
    """Expanded. What scatters between launches is in the interval over them; the meter's limits are in none of it."""
    single = good[name.replace("_j", "_uncertainty_j")]
    if len(good) < FEWEST:
        return float(single.mean())
    spread = float(stats.t.ppf((1 + LEVEL) / 2, len(good) - 1)) * float(good[name].std(ddof=1)) / sqrt(len(good))
    # The meter's relative limit holds for either energy alike.
    limits = good["energy_meter_j"] * good[name].abs() / good["energy_j"]
    return hypot(spread, K * float(np.nan_to_num(limits.mean())))


def _sampler(energy: pd.DataFrame) -> dict[str, Any]:
    """What reading the sensors costs, over all pairs of the run."""
    logs = np.log(energy["sampler_ratio"].dropna())
    if logs.empty:
        return {"ratio": None, "ci95": None, "pairs": 0}
    mean, ci95 = float(logs.mean()), None
    if len(logs) >= FEWEST and (error := float(stats.sem(logs))) > 0:
        low, high = stats.t.interval(LEVEL, len(logs) - 1, loc=mean, scale=error)
        ci95 = [float(np.exp(low)), float(np.exp(high))]
    return {"ratio": float(np.exp(mean)), "ci95": ci95, "pairs": len(logs)}
