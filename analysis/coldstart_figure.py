"""The time to the first inference, as stacked bars: one for each arm of each cell, a colour for each phase."""

from typing import Any

import altair as alt
import pandas as pd

from analysis.figures import WIDTH
from analysis.phases import PHASES

# Okabe and Ito's, in an order in which neighbours differ in lightness too.
_COLOURS = ["#999999", "#56b4e9", "#0072b2", "#e69f00", "#009e73", "#d55e00"]


def coldstart_frame(report: dict[str, Any]) -> pd.DataFrame:
    """One row per phase: `cell`, `arm`, `phase`, `place` (its order), `ms`, `total` (ms)."""
    rows = [
        {"cell": cell["cell"], "arm": name, "phase": phase, "place": place, "ms": arm["phases"][phase],
         "total": arm["phases"]["total"]}
        for cell in report["cells"]
        for name, arm in cell["arms"].items()
        if arm["phases"]["total"] is not None
        for place, phase in enumerate(PHASES)
        if arm["phases"][phase] is not None
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=["cell", "arm", "phase", "place", "ms", "total"])


def coldstart_chart(frame: pd.DataFrame) -> alt.FacetChart:
    """A panel per cell, a bar per arm; each panel has its own scale, in ms."""
    arms = list(frame["arm"].unique())
    bars = (
        alt.Chart(frame)
        .mark_bar()
        .encode(
            x=alt.X("ms:Q", stack="zero", axis=alt.Axis(title="ms until the first answer", labelFlush=False)),
            y=alt.Y("arm:N", title=None, sort=arms),
            color=alt.Color(
                "phase:N",
                title=None,
                scale=alt.Scale(domain=list(PHASES), range=_COLOURS),
                legend=alt.Legend(orient="top"),
            ),
            order=alt.Order("place:Q"),
            tooltip=[
                alt.Tooltip("cell:N"),
                alt.Tooltip("arm:N"),
                alt.Tooltip("phase:N"),
                alt.Tooltip("ms:Q", format=".4~g"),
                alt.Tooltip("total:Q", title="all of it, ms", format=".4~g"),
            ],
        )
        .properties(width=WIDTH, height=alt.Step(22))
    )
    header = alt.Header(title=None, labelAngle=0, labelOrient="top", labelAnchor="start", labelFontWeight="bold")
    chart: alt.FacetChart = (
        bars.facet(row=alt.Row("cell:N", sort=list(frame["cell"].unique()), header=header), spacing=14)
        .resolve_scale(x="independent", y="independent")
        .properties(description="Time to the first inference by phase and arm, in milliseconds.")
    )
    return chart
