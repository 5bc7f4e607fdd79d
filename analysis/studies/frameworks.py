"""Frameworks on one device, network by network: the paper's Figs. 3, 4, 6 and 8."""

import pandas as pd

from analysis.charts.figures import Axis, fit_panels, rows
from analysis.report import study_data
from analysis.report.evidence import Evidence
from analysis.report.study_data import Answer

FIGURES = ("Fig. 3", "Fig. 4", "Fig. 6", "Fig. 8")


def answer(evidence: Evidence) -> Answer:
    """Return a row for each device, network, framework and precision. Rows of runs come first."""
    table = study_data.together(
        study_data.runs(evidence.one_arm, "time", "ms", "ms"), study_data.paper("times", source=FIGURES)
    )
    place = (table["device"] + " " + table["run"]).str.strip()
    drawn = table.assign(
        panel=place + ": " + table["model"],
        label=study_data.labelled(_with_figure(table), "framework", "precision", "figure"),
        place=study_data.in_order(place),
        at=study_data.in_order(table["model"]),
    ).sort_values(["place", "at", "value"], kind="stable")
    shown, remark = fit_panels(drawn)
    caption = (
        "Time per inference, the fastest framework first; lines are 95 % intervals over launches, for the paper the "
        "error of reading its bars. Two of its figures contradict each other on ResNet-101 in TensorFlow on the "
        "Raspberry Pi; both are drawn. Its code does not have the same network in every framework; in runs the outputs "
        "of all were checked against PyTorch's." + remark
    )
    return Answer(table, rows(shown, Axis("time per inference, ms")), caption)


def _with_figure(table: pd.DataFrame) -> pd.DataFrame:
    """Add the figure's number for rows of the paper only: the paper shows one framework in two figures."""
    return table.assign(figure=table["source"].where(table["whose"] == "paper", ""))
