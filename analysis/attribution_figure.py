"""Where the difference comes from, as one figure: the headline ratios of a cell, and below them each ablation."""

from typing import Any

import altair as alt
import pandas as pd

from analysis.figures import VERDICTS, WIDTH
from analysis.ratios import RATIOS

_SHAPES = ["circle", "diamond", "triangle-up"]
_WHOLE = {"total": "container vs native", "virtualization": "container vs rootfs"}
CLIP = 60.0  # %: an interval beyond says no more than that it is wide, and would squeeze the others


def attribution_frame(report: dict[str, Any]) -> pd.DataFrame:
    """One row per ratio that has a number: `cell`, `part`, `label`, `change`, `low`, `high` (in %), `verdict`, `tells`.

    Cells without any ablation are left out. `low` and `high` are cut at CLIP.
    """
    rows = [row for cell in report["cells"] if _numbers(cell["attribution"]) for row in _rows(cell)]
    columns = ["cell", "part", "label", "change", "low", "high", "verdict", "tells", "shown"]
    return pd.DataFrame(rows, columns=columns)


def attribution_chart(frame: pd.DataFrame, margin: float) -> alt.FacetChart:
    """A panel per cell: right of 0, the thing costs time; left of 0, what stands in its place costs more."""
    axis = alt.Axis(title="container is slower (+) or faster (−) than without it, %", labelFlush=False)
    x = alt.X("change:Q", axis=axis)
    y = alt.Y("label:N", title=None, sort=None, axis=alt.Axis(labelLimit=360, grid=True, gridDash=[1, 3]))
    base = alt.Chart(frame)
    once = base.transform_aggregate(rows="count()")  # one band a panel: one a row would add up to opaque
    low, high = (1 / (1 + margin) - 1) * 100, margin * 100
    band = once.mark_rect(opacity=0.18, color="#888").encode(x=alt.datum(low), x2=alt.datum(high))
    zero = once.mark_rule(strokeDash=[4, 3], color="#888").encode(x=alt.datum(0))
    colour = alt.Color(
        "verdict:N",
        title=None,
        scale=alt.Scale(domain=list(VERDICTS), range=list(VERDICTS.values())),
        legend=alt.Legend(orient="top", symbolSize=120),
    )
    shape = alt.Shape("verdict:N", title=None, scale=alt.Scale(domain=list(VERDICTS), range=_SHAPES))
    interval = base.mark_rule(strokeWidth=2.5).encode(x=alt.X("low:Q", axis=axis), x2="high:Q", y=y, color=colour)
    tooltip = [
        alt.Tooltip("cell:N"),
        alt.Tooltip("label:N", title="against"),
        alt.Tooltip("tells:N", title="what it tells"),
        alt.Tooltip("shown:N", title="change"),
        alt.Tooltip("verdict:N"),
    ]
    points = base.mark_point(size=90, filled=True, opacity=1).encode(
        x=x, y=y, color=colour, shape=shape, tooltip=tooltip
    )
    header = alt.Header(title=None, labelAngle=0, labelOrient="top", labelAnchor="start", labelFontWeight="bold")
    chart: alt.FacetChart = (
        alt.layer(band, zero, interval, points)
        .properties(width=WIDTH, height=alt.Step(22))
        .facet(row=alt.Row("cell:N", sort=list(frame["cell"].unique()), header=header), spacing=18)
        .properties(description="Change in time per inference of the container against each arm without one thing.")
    )
    return chart


def _rows(cell: dict[str, Any]) -> list[dict[str, Any]]:
    whole = [(cell["ratios"][name], "whole", label, _meaning(name)) for name, label in _WHOLE.items()]
    parts = [
        (entry, "part", f"{name}: {entry['changes']}", entry["tells"]) for name, entry in cell["attribution"].items()
    ]
    return [
        {
            "cell": cell["cell"],
            "part": part,
            "label": label,
            "change": _clipped((ratio["ratio"] - 1) * 100),
            "low": _clipped((ratio["ci95"][0] - 1) * 100),
            "high": _clipped((ratio["ci95"][1] - 1) * 100),
            "verdict": ratio["verdict"],
            "tells": tells,
            "shown": "{:+.2f} % [{:+.2f}, {:+.2f}]".format(
                *((each - 1) * 100 for each in (ratio["ratio"], *ratio["ci95"]))
            ),
        }
        for ratio, part, label, tells in (*whole, *parts)
        if ratio["ratio"] is not None
    ]


def _numbers(attribution: dict[str, Any]) -> bool:
    return any(entry["ratio"] is not None for entry in attribution.values())


def _meaning(name: str) -> str:
    return f"{name}: {' / '.join(RATIOS[name])}"


def _clipped(percent: float) -> float:
    return max(-CLIP, min(CLIP, percent))
