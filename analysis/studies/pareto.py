"""Pareto-optimal choices: latency against deviation from the fp32 network, and latency against energy."""

from math import nan
from typing import Any

import pandas as pd

from analysis.charts.figures import Axis, fit_panels, place_side_by_side
from analysis.data.number_format import is_nan
from analysis.report import study_data
from analysis.report.evidence import Evidence
from analysis.report.study_data import Answer

COLUMNS = (*study_data.COLUMNS, "scope", "energy_mj", "low_mj", "high_mj", "energy_interval", "deviation", "front")
# A largest error below this is only float32 rounding: frameworks add in different orders (docs/method.md).
ROUNDING = 1e-4
# Maps a column to its axis and to the title of its part of the figure.
AXES = {
    "value": (Axis("ms"), "time per inference"),
    "energy_mj": (Axis("mJ"), "energy per inference"),
    "deviation": (Axis("largest error / largest magnitude"), "distance from fp32 in PyTorch"),
}


def answer(evidence: Evidence) -> Answer:
    """Return rows with `time`, `energy_mj` and `deviation`. `front` marks the choices that no other one beats.

    Only choices for the same network are compared. A choice is a framework and a precision on the device of a run; in
    the paper it is a device.
    """
    table = study_data.together(_runs(evidence), _paper())
    table = table.assign(front=_front(table)).reindex(columns=list(COLUMNS))
    place = (table["device"] + " " + table["run"]).str.strip().where(table["whose"] == "run", "paper")
    drawn = table.assign(
        panel=place + ": " + table["model"],
        label=study_data.labelled(table, "device", "framework", "precision"),
        standing=table["front"].map({True: "not beaten", False: "beaten"}),
        at=study_data.in_order(place + ": " + table["model"]),
    ).sort_values(["at", "value"], kind="stable")
    shown, remark = fit_panels(drawn)
    parts = [(_of(shown, column), axis, title) for column, (axis, title) in AXES.items() if shown[column].notna().any()]
    caption = (
        "Green: for this network nothing else is surely better in one figure and surely worse in none, of what is "
        "known of both; less is better everywhere. Figures whose intervals overlap count as equal, and so do errors "
        f"below {ROUNDING:g}, which are rounding. The distance is a proxy and not accuracy: the largest error of the "
        "outputs against those of PyTorch in fp32, over their largest magnitude; the networks have seeded weights, so "
        "there is no accuracy to measure. A run's energies are all by one meter, whose error is in all of them alike: "
        "that it counts in each is cautious. The paper has time and energy alone (Figs. 11 and 12)."
    )
    return Answer(table, place_side_by_side(parts, tone="standing"), caption + remark)


def _of(shown: pd.DataFrame, column: str) -> pd.DataFrame:
    """Return the rows with the column of one axis as their value."""
    if column == "value":
        return shown
    drawn = shown.assign(value=shown[column], outcome="")
    if column == "deviation":
        return drawn.assign(unit="1", low=nan, high=nan, interval="", note="")
    bounds = {"low": shown["low_mj"], "high": shown["high_mj"], "interval": shown["energy_interval"]}
    return drawn.assign(unit="mJ", **bounds, note=("energy of the " + shown["scope"]).where(shown["scope"] != "", ""))


def _paper() -> pd.DataFrame:
    times = study_data.paper("times", source="Fig. 12")
    energy = study_data.paper("energy", source="Fig. 11").set_index(["device", "model"])
    found = energy.loc[pd.MultiIndex.from_frame(times[["device", "model"]]), ["value", "low", "high"]]
    columns = dict(zip(("energy_mj", "low_mj", "high_mj"), (found[name].to_numpy() for name in found), strict=True))
    return times.assign(
        source="Figs. 11 and 12", **columns, scope="", energy_interval=study_data.READING, deviation=nan
    )


def _runs(evidence: Evidence) -> pd.DataFrame:
    cells = evidence.one_arm
    cells = cells[cells["ms"].notna()]
    energy = {f"{bound}_mj": 1e3 * cells[f"{bound}_energy_j"].to_numpy() for bound in ("low", "high")}
    made = study_data.runs(cells, "time", "ms", "ms").assign(energy_mj=1e3 * cells["energy_j"].to_numpy(), **energy)
    return made.assign(
        scope=cells["scope"].fillna("").to_numpy(),
        energy_interval=study_data.uncertainty(cells).to_numpy(),
        deviation=cells["max_rel"].to_numpy(),
    )


def _front(table: pd.DataFrame) -> list[bool]:
    """Return whether each row is beaten by no other choice for the same network."""
    choice = table["device"].where(table["whose"] == "run", "")
    groups = table.groupby(["source", choice, "model"], sort=False).indices.values()
    front = [True] * len(table)
    rows = table.to_dict("records")
    for group in groups:
        for at in group:
            front[at] = not any(_beats(rows[other], rows[at]) for other in group)
    return front


def _beats(one: Any, other: Any) -> bool:
    """Whether `one` is surely better in one figure and surely worse in none, of the figures that both have."""
    orders = [
        _order(*(row[name] for row in (one, other) for name in names))
        for names in (("value", "low", "high"), ("energy_mj", "low_mj", "high_mj"))
    ]
    near, far = (max(row["deviation"], ROUNDING) for row in (one, other))
    orders.append(_order(near, near, near, far, far, far))
    return min(orders) < 0 and max(orders) <= 0


def _order(a: float, a_low: float, a_high: float, b: float, b_low: float, b_high: float) -> int:
    """Return -1 if a is surely below b, 1 if it is surely above, 0 if neither is sure. Bounds may be missing."""
    if is_nan(a) or is_nan(b):
        return 0
    a_low, a_high = (a_low, a_high) if not is_nan(a_low) else (a, a)
    b_low, b_high = (b_low, b_high) if not is_nan(b_low) else (b, b)
    return -1 if a_high < b_low else 1 if a_low > b_high else 0
