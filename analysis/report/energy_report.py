"""The energy pass in a report: what `bench report --json` has as `energy`, null for a run without one.

scope, meter[]               what the energy is of, and the channels that it is made of
reason                       why nothing was measured, or null
sampler.ratio, ci95, pairs   time of an inference while the sensors are read over the same without; null without pairs
arms[]                       each cell and arm: energy_arms.py
failures[]                   cell, arm, message, count
"""

from collections import Counter
from typing import Any

import pandas as pd

from analysis.data.number_format import is_nan
from analysis.report.energy_arms import energy_arms
from analysis.report.stats.interval import typical_of


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
        "arms": energy_arms(energy),
        "failures": [
            {"cell": cell, "arm": arm, "message": message, "count": count}
            for (cell, arm, message), count in said.most_common()
        ],
    }


def measured_arms(report: dict[str, Any], cell: str) -> list[dict[str, Any]]:
    """The arms of a cell that the energy pass of a report has."""
    return [arm for arm in (report["energy"] or {}).get("arms", ()) if arm["cell"] == cell]


def _sampler(energy: pd.DataFrame) -> dict[str, Any]:
    """What reading the sensors costs, over all pairs of the run."""
    ratios = energy["sampler_ratio"].dropna()
    ratio, low, high = typical_of(ratios)
    ci95 = [low, high] if not is_nan(low) else None
    return {"ratio": ratio if not is_nan(ratio) else None, "ci95": ci95, "pairs": len(ratios)}
