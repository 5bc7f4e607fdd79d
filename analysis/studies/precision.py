"""Gain and cost of fewer bits: int8 and fp16 against fp32 of the same network in the same framework."""

from typing import Any

import pandas as pd

from analysis.charts.figures import Axis, fit_panels, place_side_by_side, rows, stack_figures
from analysis.data import reference
from analysis.data.comparable import FORCED
from analysis.data.number_format import is_nan
from analysis.report import study_data
from analysis.report.evidence import Evidence
from analysis.report.ranking import arm_of_both, as_table, speedup
from analysis.report.study_data import Answer, Figure

FULL = "fp32"
COLUMNS = (*study_data.COLUMNS, "baseline")
ATTRIBUTES = ("quantization", "mixed-precision", "half-precision")
AXES = {
    "speedup": (Axis("times faster", line=1.0), "time"),
    "shrink": (Axis("times smaller", line=1.0), "size of the file"),
    "deviation": (Axis("largest error / largest magnitude"), "how far the outputs move"),
}


def answer(evidence: Evidence) -> Answer:
    """Return rows with `speedup`, `shrink` and `deviation` of runs, and what the paper's table and talk state."""
    ours, stated = _runs(evidence), _paper()
    table = study_data.together(ours, stated)
    charts = list[Figure]()
    drawn = ours.assign(
        panel=ours["model"],
        label=study_data.labelled(ours, "device", "framework", "precision"),
        at=study_data.in_order(ours["model"]),
    ).sort_values("at", kind="stable")
    shown, remark = fit_panels(drawn[drawn["quantity"] == "speedup"])
    if len(shown):
        places = shown[["panel", "label"]]
        parts = {name: places.merge(drawn[drawn["quantity"] == name], on=["panel", "label"]) for name in AXES}
        charts.append(place_side_by_side([(parts[name], axis, title) for name, (axis, title) in AXES.items()]))
    savings = stated[stated["source"] == "slides"]
    savings = savings.assign(
        panel="one operation in int8",
        label=study_data.labelled(savings.assign(what=savings["quantity"].map(_plain)), "what"),
    )
    charts.append(rows(savings, Axis("times less than in fp32", line=1.0)))
    caption = (
        "Against fp32 of the same network in the same framework. The last panel is the paper's, from its talk: what "
        "one operation in hardware saves, which is a bound and not what a network gains. In which precision its boards "
        "ran is not told, so no time of its stands here; which framework offers what is in the table." + remark
    )
    if ours.empty:
        caption += " No run at hand has a cell with fewer bits and its like in fp32."
    return Answer(table, stack_figures(*charts), caption)


def _plain(quantity: str) -> str:
    return quantity.replace("_", " ")


def _paper() -> pd.DataFrame:
    slides = study_data.paper("ratios", source="slides")
    flags = reference.load("frameworks")
    flags = flags[flags["attribute"].isin(ATTRIBUTES)]
    empty = dict.fromkeys((*study_data.NAMES, "run", "unit", "interval", "baseline"), "")
    offered = [
        empty
        | {"whose": "paper", "source": row.source, "framework": row.framework, "quantity": row.attribute}
        | {"outcome": row.answer, "note": row.note}
        for row in flags.itertuples()
    ]
    return study_data.together(slides[list(COLUMNS)], as_table(offered, COLUMNS))


def _runs(evidence: Evidence) -> pd.DataFrame:
    cells = evidence.one_arm.to_dict("records")
    full = {_place(cell): cell for cell in cells if cell["precision"] == FULL}
    fewer = [cell for cell in cells if cell["precision"] != FULL and _place(cell) in full]
    return as_table([row for cell in fewer for row in _against(cell, full[_place(cell)], evidence)], COLUMNS)


def _place(cell: Any) -> tuple[str, ...]:
    return tuple(cell[name] for name in ("run_id", "device", "framework", "model"))


def _against(cell: Any, full: Any, evidence: Evidence) -> list[dict[str, Any]]:
    names = {name: cell[name] for name in ("run", "device", "framework", "model", "precision")}
    who = {"whose": "run", "source": cell["run_id"], "unit": "1", "interval": "", "note": "", "baseline": FULL} | names
    arm = arm_of_both(evidence, cell["run_id"], cell["cell"], full["cell"])
    made = []
    if arm:
        fast, slow = (evidence.medians[cell["run_id"], each["cell"], arm] for each in (cell, full))
        made.append(who | {"arm": arm, "quantity": "speedup"} | speedup(fast, slow))
    else:
        made.append(who | {"arm": "", "quantity": "speedup", "launches": 0, "outcome": _why(cell, full)})
    shrink = full["artifact_bytes"] / cell["artifact_bytes"]
    for quantity, value, of in (("shrink", shrink, (cell, full)), ("deviation", cell["max_rel"], (cell,))):
        missing = _why(cell, full) if FORCED in (each["reason"] for each in of) else "not told"
        outcome = "ok" if not is_nan(value) else missing
        made.append(who | {"arm": "", "quantity": quantity, "value": value, "outcome": outcome})
    return made


def _why(cell: Any, full: Any) -> str:
    """Return why one of the two cells has no time, or why they have none in the same arm."""
    for each, whose in ((cell, ""), (full, f"{FULL}: ")):
        if each["ms"] != each["ms"] and isinstance(each["reason"], str):
            return f"{whose}{each['reason']}"
    return "not measured"
