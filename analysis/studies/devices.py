"""Time per inference on every device, with the fastest framework of that device: the paper's Fig. 2."""

import pandas as pd

from analysis.charts.figures import Axis, fit_panels, rows
from analysis.report import study_data
from analysis.report.best import least
from analysis.report.evidence import Evidence
from analysis.report.study_data import Answer


def answer(evidence: Evidence) -> Answer:
    """Return a row for each network and device. A run's row has the fastest framework and precision of that network."""
    table = study_data.together(study_data.paper("times", source="Fig. 2"), best(evidence))
    drawn = table.assign(
        panel=table["model"],
        label=study_data.labelled(table, "device", "framework", "precision"),
        place=study_data.in_order(table["model"]),
    ).sort_values("place", kind="stable")
    shown, remark = fit_panels(drawn)
    caption = (
        "Time per inference, shorter is better; the axis is one of powers. Of a run, each network has its fastest "
        "framework and precision; lines are 95 % intervals over launches. The paper's are single means without any. "
        "Where it has no number, its reason stands in the row." + remark
    )
    return Answer(table, rows(shown, Axis("time per inference, ms")), caption)


def best(evidence: Evidence) -> pd.DataFrame:
    """Return the fastest row of each run, device and network. Its note names those that may be equally fast."""
    cells = evidence.one_arm
    rows = least(cells, ["run_id", "device", "model"])
    names = cells["framework"] + " " + cells["precision"]
    near = [", ".join(names[row]) for row in rows["near"]]
    table = study_data.runs(rows, "time", "ms", "ms")
    said = [f"not told apart: {others}" if others else note for others, note in zip(near, table["note"], strict=True)]
    return table.assign(note=said)
