"""A thermal study over time: a panel for each quantity that was read, below one another, with one axis of minutes."""

from typing import Any

import altair as alt
import pandas as pd

from analysis.charts.colours import GREY, LINES
from analysis.charts.figures import WIDTH
from analysis.experiments.thermal import TITLES

POINTS = 400  # of a line: more than pixels are not to be seen
HEIGHT = 110


def thermal_chart(frame: pd.DataFrame, answer: dict[str, Any]) -> alt.VConcatChart:
    """The chart, from thermal.over_time and thermal.answer. Grey bands: something held the board back."""
    events = [event for event in answer["throttling"] if event["to_s"] > event["from_s"]]
    spans = pd.DataFrame(
        [{"from": e["from_s"] / 60, "to": e["to_s"] / 60, "what": e["what"]} for e in events],
        columns=["from", "to", "what"],
    )
    steady = answer["steady"]["from_minute"]
    last = float(frame["time_s"].max()) / 60 if len(frame) else 1.0
    x = alt.X(
        "minute:Q", title=None, scale=alt.Scale(domain=[min(0.0, float(frame["time_s"].min()) / 60), last], nice=False)
    )
    panels: list[Any] = []
    for quantity in TITLES:
        rows = frame[frame["quantity"] == quantity]
        if len(rows):
            panels.append(_panel(_thin(rows), quantity, x, spans, None if steady is None else steady - 1))
    panels[-1].layer[-1].encoding.x.axis = alt.Axis(title="minutes", titleFontWeight="normal")
    caption = [f"{answer['cell']}, {answer['arm']}", _caption(answer, len(spans) > 0)]
    chart: alt.VConcatChart = alt.vconcat(*panels, spacing=8).resolve_scale(color="independent")
    title = alt.Title(caption[0], subtitle=caption[1], anchor="start")
    return chart.properties(
        title=title, description="Time of an inference, temperature, frequency and power over the minutes of a study."
    )


def _panel(rows: pd.DataFrame, quantity: str, x: alt.X, spans: pd.DataFrame, steady: float | None) -> Any:
    layers: list[alt.Chart] = []
    if len(spans):
        bands = alt.Chart(spans).mark_rect(color=GREY, opacity=0.25)
        layers.append(bands.encode(x=alt.X("from:Q"), x2="to:Q", tooltip=["what:N"]))
    if steady is not None:
        layers.append(
            alt.Chart(rows)
            .transform_aggregate(n="count()")
            .mark_rule(strokeDash=[4, 3], color=GREY)
            .encode(x=alt.datum(steady))
        )
    names = sorted(rows["series"].unique())
    legend = (
        None if len(names) == 1 and quantity == "latency" else alt.Legend(title=None, orient="right", labelLimit=180)
    )
    colour = alt.Color("series:N", legend=legend, scale=alt.Scale(domain=names, range=list(LINES)))
    line = alt.Chart(rows).mark_line(strokeWidth=1.8, interpolate="linear")
    y = alt.Y(
        "value:Q",
        title=TITLES[quantity],
        scale=alt.Scale(zero=False, nice=True),
        axis=alt.Axis(tickCount=4, titleFontWeight="normal"),
    )
    layers.append(line.encode(x=x, y=y, color=colour, tooltip=["series:N", "minute:Q", "value:Q"]))
    return alt.layer(*layers).properties(width=WIDTH, height=HEIGHT)


def _thin(rows: pd.DataFrame) -> pd.DataFrame:
    """At most POINTS points a series: means of neighbours."""
    span = max(float(rows["time_s"].max() - rows["time_s"].min()), 1.0)
    bins = ((rows["time_s"] - rows["time_s"].min()) / span * POINTS).astype(int)
    thin = rows.groupby(["series", bins.rename("bin")], sort=True)[["time_s", "value"]].mean().reset_index()
    return thin.assign(minute=thin["time_s"] / 60).drop(columns=["time_s", "bin"])


def _caption(answer: dict[str, Any], banded: bool) -> str:
    steady = answer["steady"]
    said = f"steady from minute {steady['from_minute']} on (dashed line)" if steady["reached"] else "no steady state"
    return said + ("; grey: something held the board back" if banded else "")
