"""Energy of one inference: the paper's Fig. 11."""

from analysis import tidy
from analysis.evidence import Evidence
from analysis.figures import Axis, fitting, rows
from analysis.tidy import Answer


def answer(evidence: Evidence) -> Answer:
    """A row for each network and device; of a run every cell whose journal has an energy."""
    cells = evidence.one_arm
    ours = tidy.runs(cells[cells["energy_j"].notna()], "energy", "mJ", "energy_j", times=1e3)
    table = tidy.together(tidy.paper("energy"), ours)
    drawn = table.assign(
        panel=table["model"],
        label=tidy.labelled(table.assign(stated=table["source"].where(table["source"] == "text", "")), *_NAMES),
        place=tidy.in_order(table["model"]),
    ).sort_values(["place", "value"], kind="stable")
    shown, remark = fitting(drawn)
    caption = (
        "Energy per inference, idle power included, the least first. The paper's figures are active power times time, "
        "read off with ±5 %; where its text says a rounder number, that stands beside it." + remark
    )
    if ours.empty:
        caption += " No run at hand has an energy."
    return Answer(table, rows(shown, Axis("energy per inference, mJ")), caption)


_NAMES = ("device", "framework", "precision", "stated")
