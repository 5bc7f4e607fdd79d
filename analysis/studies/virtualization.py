"""What containers cost, in three parts: the paper's Fig. 13, and of runs a ratio with its interval and verdict."""

from typing import Any

import pandas as pd

from analysis.charts.figures import beside, change_axis, fitting
from analysis.data import reference
from analysis.data.number_format import plain_margin
from analysis.report import study_data
from analysis.report.evidence import Evidence
from analysis.report.ranking import as_table, mean_speedup
from analysis.report.stats.ratios import RATIOS
from analysis.report.study_data import Answer

MEAN = "geometric mean"
COLUMNS = (*study_data.COLUMNS, "ratio", "baseline", "verdict")
PAPER = "paper: no interval"


def answer(evidence: Evidence) -> Answer:
    """A row for each cell and each of the three ratios, their means over cells, and the paper's five networks."""
    table = study_data.together(ratios(evidence), _paper())
    drawn = table.assign(
        panel=(table["device"] + " " + table["run"].where(table["whose"] == "run", "(paper, Fig. 13)")).str.strip(),
        label=study_data.labelled(table, "framework", "model", "precision"),
        verdict=table["verdict"].where(table["value"].notna(), "inconclusive"),
        outcome=table["verdict"].where(table["verdict"] == "incomparable", "no ratio"),
    )
    margin = evidence.margin
    axis = change_axis(table, margin)
    caption = (
        "Change in time per inference: right of the dashed line is slower. Points are estimates, lines 95 % intervals "
        f"over blocks, cut where they leave the panel; the band is {plain_margin(margin)}, within which arms count as "
        "equivalent when the 90 % interval, a little shorter than the line, lies in it. Pairs that did not run "
        "the same code have no ratio. The paper compares the container with bare metal, on a Raspberry Pi 3B in "
        "TensorFlow, from one mean each: what the isolation costs and what the image's other user land costs are not "
        "apart there, and its lines are the error of reading alone."
    )
    shown, remark = fitting(drawn.drop_duplicates(["panel", "label"]))
    parts = [
        (part, axis, f"{name}: {pair.numerator} vs {pair.denominator}")
        for name, pair in RATIOS.items()
        if len(part := _of_ratio(drawn, name, shown[["panel", "label"]]))
    ]
    return Answer(table, beside(parts, tone="verdict"), caption + remark)


def _of_ratio(drawn: pd.DataFrame, ratio: str, places: pd.DataFrame) -> pd.DataFrame:
    """What there is of one ratio, with a row for each place that any ratio has; nothing where none has a value."""
    found = drawn[drawn["ratio"] == ratio]
    if found["value"].isna().all():
        return found.iloc[:0]
    rows = places.merge(found, on=["panel", "label"], how="left")
    return rows.fillna({"outcome": "", "verdict": "inconclusive", "source": "", "note": "", "unit": "%"})


def _paper() -> pd.DataFrame:
    plotted = study_data.paper("ratios", source="Fig. 13")
    labels = reference.overheads()["from_labels"].map("{:.1f} % from its printed times".format)
    return plotted.assign(note=plotted["model"].map(labels), ratio="total", verdict=PAPER)[list(COLUMNS)]


def ratios(evidence: Evidence) -> pd.DataFrame:
    """The rows of runs: each cell and, where there are several, their geometric mean."""
    made = []
    for report in evidence.reports:
        run_id, device = report["run_id"], _device(evidence, report["run_id"])
        who = {"whose": "run", "source": run_id, "run": evidence.labels[run_id], "quantity": "slowdown", "unit": "%"}
        for name, pair in RATIOS.items():
            what = who | {"ratio": name, "arm": pair.numerator, "baseline": pair.denominator, "note": ""}
            used = []
            for cell in report["cells"]:
                found = cell["ratios"][name]
                if found["verdict"] is None and found["comparable"] is None:
                    continue  # an arm that is not part of the run
                names = {key: cell[key] for key in ("framework", "model", "precision")}
                made.append(what | {"device": device.get(cell["cell"], "")} | names | _described(found))
                if found["ratio"] is not None:
                    fast, slow = ((run_id, cell["cell"], arm) for arm in (pair.denominator, pair.numerator))
                    used.append((evidence.medians[fast], evidence.medians[slow]))
            if len(used) > 1:
                mean = mean_speedup(used, evidence.margin)
                change = {bound: 100 * (mean[bound] - 1) for bound in ("value", "low", "high")}
                names = {"device": cell["cell"].split("/")[0], "framework": "", "precision": "", "model": MEAN}
                made.append(what | names | mean | change | {"note": f"over {len(used)} cells"})
    return as_table(made, COLUMNS)


def _described(found: dict[str, Any]) -> dict[str, Any]:
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


def _device(evidence: Evidence, run_id: str) -> dict[str, str]:
    cells = evidence.cells[evidence.cells["run_id"] == run_id]
    return dict(zip(cells["cell"], cells["device"], strict=True))
