"""The cost of containers as three ratios: the paper's Fig. 13, and runs with intervals and verdicts."""

import pandas as pd

from analysis.charts.figures import change_axis, fit_panels, place_side_by_side
from analysis.data import reference
from analysis.data.number_format import plain_margin
from analysis.report import study_data
from analysis.report.evidence import Evidence
from analysis.report.ratio_table import COLUMNS, ratio_table
from analysis.report.stats.ratios import RATIOS
from analysis.report.study_data import Answer

PAPER = "paper: no interval"


def answer(evidence: Evidence) -> Answer:
    """Return a row for each cell and each of the three ratios, means over cells, and the paper's five networks."""
    table = study_data.together(ratio_table(evidence), _paper())
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
    shown, remark = fit_panels(drawn.drop_duplicates(["panel", "label"]))
    parts = [
        (part, axis, f"{name}: {pair.numerator} vs {pair.denominator}")
        for name, pair in RATIOS.items()
        if len(part := _of_ratio(drawn, name, shown[["panel", "label"]]))
    ]
    return Answer(table, place_side_by_side(parts, tone="verdict"), caption + remark)


def _of_ratio(drawn: pd.DataFrame, ratio: str, places: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of one ratio, with a row for each of `places`. Returns no rows if the ratio has no value."""
    found = drawn[drawn["ratio"] == ratio]
    if found["value"].isna().all():
        return found.iloc[:0]
    rows = places.merge(found, on=["panel", "label"], how="left")
    return rows.fillna({"outcome": "", "verdict": "inconclusive", "source": "", "note": "", "unit": "%"})


def _paper() -> pd.DataFrame:
    plotted = study_data.paper("ratios", source="Fig. 13")
    labels = reference.overheads()["from_labels"].map("{:.1f} % from its printed times".format)
    return plotted.assign(note=plotted["model"].map(labels), ratio="total", verdict=PAPER)[list(COLUMNS)]
