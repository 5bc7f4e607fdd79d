"""The ratios between arms as one table: a row for each cell and ratio of the runs, and their geometric means."""

from typing import Any

import pandas as pd

from analysis.report import study_data
from analysis.report.evidence import Evidence
from analysis.report.ranking import as_table, mean_speedup
from analysis.report.stats.ratios import RATIOS

MEAN = "geometric mean"
COLUMNS = (*study_data.COLUMNS, "ratio", "baseline", "verdict")


def ratio_table(evidence: Evidence) -> pd.DataFrame:
    """The rows of runs: each cell and, where there are several, their geometric mean."""
    made = []
    for report in evidence.reports:
        run_id, device = report["run_id"], _devices(evidence, report["run_id"])
        who = {"whose": "run", "source": run_id, "run": evidence.labels[run_id], "quantity": "slowdown", "unit": "%"}
        for name, pair in RATIOS.items():
            what = who | {"ratio": name, "arm": pair.numerator, "baseline": pair.denominator, "note": ""}
            used = []
            for cell in report["cells"]:
                found = cell["ratios"][name]
                if found["verdict"] is None and found["comparable"] is None:
                    continue  # an arm that is not part of the run
                names = {key: cell[key] for key in ("framework", "model", "precision")}
                made.append(what | {"device": device.get(cell["cell"], "")} | names | _as_change(found))
                if found["ratio"] is not None:
                    fast, slow = ((run_id, cell["cell"], arm) for arm in (pair.denominator, pair.numerator))
                    used.append((evidence.medians[fast], evidence.medians[slow]))
            if len(used) > 1:
                mean = mean_speedup(used, evidence.margin)
                change = {bound: 100 * (mean[bound] - 1) for bound in ("value", "low", "high")}
                names = {"device": cell["cell"].split("/")[0], "framework": "", "precision": "", "model": MEAN}
                made.append(what | names | mean | change | {"note": f"over {len(used)} cells"})
    return as_table(made, COLUMNS)


def _as_change(found: dict[str, Any]) -> dict[str, Any]:
    low, high = found["ci95"] or (float("nan"), float("nan"))
    ratio = float("nan") if found["ratio"] is None else found["ratio"]
    return {
        "value": 100 * (ratio - 1),
        "low": 100 * (low - 1),
        "high": 100 * (high - 1),
        "interval": study_data.OVER_LAUNCHES if found["ci95"] else "",
        "launches": found["blocks"],
        "outcome": "ok" if found["ratio"] is not None else str(found["reason"]),
        "verdict": found["verdict"] or ("incomparable" if found["comparable"] is False else ""),
    }


def _devices(evidence: Evidence, run_id: str) -> dict[str, str]:
    cells = evidence.cells[evidence.cells["run_id"] == run_id]
    return dict(zip(cells["cell"], cells["device"], strict=True))
