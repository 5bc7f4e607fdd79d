"""A figure of several containers at once: throughput and latency over their number, for each way of sharing CPUs."""

from typing import Any

import altair as alt
import pandas as pd

from analysis.charts.colours import WAYS, tones
from analysis.charts.figures import WIDTH
from analysis.data.number_format import is_nan
from analysis.report import study_data
from analysis.report.study_data import Answer, Figure
from analysis.text.interference_phrases import sentences

FIGURES = {"throughput": "per second, all instances", "latency_ms": "ms per inference", "p90_ms": "p90, ms"}
COLUMNS = (*study_data.COLUMNS, "cell", "way", "instances")
_WAYS = dict(zip(("shared", "split", "part"), WAYS, strict=True))
_UNITS = {"throughput": "1/s", "latency_ms": "ms", "p90_ms": "ms"}
HEIGHT = 160


def answer(report: dict[str, Any]) -> Answer | None:
    """Return a row for each number of each setup in a report of interference.py; None if it has no number."""
    table = pd.DataFrame([row for cell in report["cells"] for row in _rows(cell, report["run_id"])], columns=[*COLUMNS])
    if table.empty:
        return None
    panels = [
        _panel(of_cell[of_cell["quantity"] == name], title).properties(
            title=alt.Title(str(cell) if place == 0 else "", anchor="start", fontSize=12)
        )
        for cell, of_cell in table.groupby("cell", sort=False)
        for place, (name, title) in enumerate(FIGURES.items())
    ]
    figure: alt.VConcatChart = alt.vconcat(*panels, spacing=20).resolve_scale(color="shared", shape="shared")
    return Answer(table, figure, "Lines are 95 % intervals over blocks. " + ". ".join(sentences(report)) + ".")


def _rows(cell: dict[str, Any], run_id: str) -> list[dict[str, Any]]:
    """Return the rows of a setup. One instance alone on all CPUs belongs to both ways of sharing CPUs."""
    names = dict(zip(("device", "framework", "model", "precision"), cell["cell"].split("/", 3), strict=False))
    rows = []
    for name, setup in cell["setups"].items():
        kind, _, count = name.partition("-")
        for way in ("shared", "split") if kind == "alone" else (kind,):
            for figure in FIGURES if kind != "part" else ("latency_ms", "p90_ms"):
                low, high = setup[figure]["ci95"] or (float("nan"), float("nan"))
                if setup[figure]["value"] is not None:
                    rows.append(
                        {"whose": "run", "source": run_id, "run": "", "arm": name, "cell": cell["cell"]}
                        | names
                        | {"quantity": figure, "unit": _UNITS[figure], "way": _WAYS[way]}
                        | {"value": setup[figure]["value"], "low": low, "high": high, "outcome": "ok"}
                        | {"interval": study_data.OVER_LAUNCHES if not is_nan(low) else "", "launches": setup["blocks"]}
                        | {"note": _WAYS[way], "instances": int(count) if kind == "part" else setup["instances"]}
                    )
    return rows


def _panel(table: pd.DataFrame, title: str) -> Figure:
    columns = ["way", "instances", "value", "low", "high", "shown", "source"]
    colour, shape = tones("way")
    base = alt.Chart(table.assign(shown=study_data.shown(table))[columns]).encode(
        x=alt.X("instances:O", title="instances at once", axis=alt.Axis(labelAngle=0, titleFontWeight="normal")),
        color=colour,
        xOffset=alt.XOffset("way:N", sort=list(WAYS)),
    )
    ticks = alt.Axis(tickCount=5, titleFontWeight="normal")
    y = alt.Y("value:Q", title=title, scale=alt.Scale(zero=True), axis=ticks)
    tooltip = [alt.Tooltip(f"{name}:N") for name in ("way", "instances", "shown", "source")]
    layers = [base.mark_point(size=55, filled=True, opacity=1).encode(y=y, shape=shape, tooltip=tooltip)]
    if table["low"].notna().any():  # Vega warns about an axis without a value
        layers.insert(0, base.mark_rule(strokeWidth=2).encode(y=alt.Y("low:Q", title=title, axis=ticks), y2="high:Q"))
    return alt.layer(*layers).properties(width=WIDTH, height=HEIGHT)
