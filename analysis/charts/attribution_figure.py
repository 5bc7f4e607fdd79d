"""A figure of the causes of the difference: the main ratios of a cell, and below them each ablation."""

from collections.abc import Iterator
from typing import Any

import pandas as pd

from analysis.charts.figures import change_axis, fit_panels, rows
from analysis.data.number_format import plain_margin
from analysis.report import study_data
from analysis.report.evidence import Evidence
from analysis.report.stats.ratios import RATIOS
from analysis.report.study_data import Answer

COLUMNS = (*study_data.COLUMNS, "baseline", "verdict", "label", "panel")
_WHOLE = ("total", "virtualization")  # the ratios that ablations explain


def answer(evidence: Evidence) -> Answer | None:
    """Return a row for each ratio with a number, of cells with ablations; None if there is no such cell."""
    table = pd.DataFrame([row for report in evidence.reports for row in _rows(evidence, report)], columns=list(COLUMNS))
    if table.empty:
        return None
    shown, remark = fit_panels(table)
    axis = change_axis(table, evidence.margin, "container slower (+) or faster (−) than without it, %")
    caption = (
        "The first rows of a cell are the container against the arms without it. Below, one thing at a time is taken "
        f"away from the container: right of 0, that thing costs time. The band is {plain_margin(evidence.margin)}; "
        "lines are 95 % intervals over blocks, cut where they leave the panel."
    )
    return Answer(table, rows(shown.assign(judged=shown["verdict"]), axis, tone="judged"), caption + remark)


def _rows(evidence: Evidence, report: dict[str, Any]) -> Iterator[dict[str, Any]]:
    run = evidence.labels[report["run_id"]]
    for cell in report["cells"]:
        parts = {name: entry for name, entry in cell["attribution"].items() if entry["ratio"] is not None}
        if not parts:
            continue
        shared = {
            **{"whose": "run", "source": report["run_id"], "run": run, "device": cell["cell"].split("/")[0]},
            **{name: cell[name] for name in ("framework", "model", "precision")},
            **{"quantity": "slowdown", "unit": "%", "interval": study_data.OVER_LAUNCHES, "outcome": "ok"},
            **{"arm": "container", "panel": f"{cell['cell']} {run}".strip()},
        }
        for name in _WHOLE:
            ratio, (numerator, denominator) = cell["ratios"][name], RATIOS[name]
            if ratio["ratio"] is not None:
                said = {"baseline": denominator, "note": name, "label": f"{numerator} vs {denominator}"}
                yield shared | _described(ratio) | said
        for name, entry in parts.items():
            said = {"baseline": name, "note": entry["tells"], "label": f"{name}: {entry['changes']}"}
            yield shared | _described(entry) | said


def _described(ratio: dict[str, Any]) -> dict[str, Any]:
    """Return the change in %, its interval, and the verdict."""
    value, low, high = (100 * (each - 1) for each in (ratio["ratio"], *ratio["ci95"]))
    return {"value": value, "low": low, "high": high, "launches": ratio["blocks"], "verdict": ratio["verdict"]}
