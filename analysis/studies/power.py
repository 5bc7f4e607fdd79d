"""Power against time: the paper's Fig. 12, with lines of equal energy."""

from typing import Any

import altair as alt
import pandas as pd

from analysis.charts import colours, figures
from analysis.report import study_data
from analysis.report.evidence import Evidence
from analysis.report.study_data import Answer, Figure
from bench.core.terminal import short

COLUMNS = (*study_data.COLUMNS, "scope", "time_ms")
ENERGIES = (0.01, 0.1, 1.0, 10.0, 100.0)  # J
SHAPES = ("circle", "square", "diamond", "cross", "triangle-up", "triangle-down", "triangle-right", "triangle-left")
TIME, POWER = "time per inference, ms", "power while inferring, W"


def answer(evidence: Evidence) -> Answer:
    """Return rows with `active_power` at `time_ms`, with `idle_power`, and for the paper with `average_power`."""
    times = study_data.paper("times", source="Fig. 12").set_index(["device", "model"])["value"]
    points = study_data.paper("power", source="Fig. 12")
    points = points.assign(time_ms=times.loc[pd.MultiIndex.from_frame(points[["device", "model"]])].to_numpy())
    cells = evidence.one_arm_with("power_w")
    cells = cells[cells["power_w"].notna() & cells["ms"].notna()]
    ours = study_data.sensed(cells, "active_power", "W", "power_w").assign(time_ms=cells["ms"].to_numpy())
    idle = study_data.sensed(cells, "idle_power", "W", "idle_power_w")
    stated = study_data.paper("power", source="Table III").assign(scope="")
    table = study_data.together(ours, points.assign(scope=""), idle, stated)[list(COLUMNS)]
    drawn = table[table["time_ms"].notna()]
    drawn = drawn.assign(label=study_data.labelled(drawn, "device", "scope"), shown=study_data.shown(drawn))
    caption = (
        "Each point is one network on one device; along a dashed line the energy of an inference is the same. A run's "
        "power is the mean over its energy pass, of what its name says, at the time of its timed launches. The "
        "paper's points are read off with ±2 % in both directions, less than their size, and have no names: which "
        "network they are follows from their order and energy. Idle power is in all of them, and stands in the table."
    )
    if ours.empty:
        caption += " No run at hand has a power."
    return Answer(table, _figure(drawn), caption)


def _figure(drawn: pd.DataFrame) -> Figure:
    low_ms, high_ms = drawn["time_ms"].min() / 2, drawn["time_ms"].max() * 2
    low_w, high_w = drawn["value"].min() / 2, drawn["value"].max() * 2
    x_scale = alt.Scale(type="log", domain=[low_ms, high_ms], nice=False)
    y_scale = alt.Scale(type="log", domain=[low_w, high_w], nice=False)
    plain: dict[str, Any] = {"titleFontWeight": "normal", "labelFlush": False, "format": "~g"}
    colour, _ = colours.tones()
    places = list(dict.fromkeys(drawn["label"].map(short)))
    shapes = alt.Scale(domain=places, range=[SHAPES[place % len(SHAPES)] for place in range(len(places))])
    shape = alt.Shape("label:N", title=None, scale=shapes, legend=alt.Legend(orient="top", columns=3, labelLimit=300))
    columns = ["label", "whose", "framework", "model", "value", "low", "high", "time_ms", "shown", "source", "note"]
    base = alt.Chart(drawn[columns].map(lambda cell: short(cell) if isinstance(cell, str) else cell))
    x = alt.X("time_ms:Q", title=TIME, scale=x_scale, axis=alt.Axis(values=figures.log_ticks(low_ms, high_ms), **plain))
    y = alt.Y("value:Q", title=POWER, scale=y_scale, axis=alt.Axis(values=figures.log_ticks(low_w, high_w), **plain))
    tooltip = [alt.Tooltip(f"{name}:N") for name in ("label", "framework", "model", "source", "note")]
    more = [alt.Tooltip("shown:N", title=POWER), alt.Tooltip("time_ms:Q", title=TIME, format=".4~g")]
    points = base.mark_point(size=70, strokeWidth=2, opacity=1).encode(
        x=x, y=y, color=colour, shape=shape, tooltip=tooltip + more
    )
    return alt.layer(*_equal_energy((low_ms, high_ms), (low_w, high_w), x, y), points).properties(
        width=figures.WIDTH, height=380
    )


def _equal_energy(times: tuple[float, float], powers: tuple[float, float], x: alt.X, y: alt.Y) -> list[alt.Chart]:
    """Draw a straight line for each energy, labelled at its lower end. Both axes are logarithmic."""
    ends = []
    for joule in ENERGIES:
        left, right = max(times[0], 1e3 * joule / powers[1]), min(times[1], 1e3 * joule / powers[0])
        if left < right:
            name = f"{joule:g} J" if joule >= 1 else f"{1e3 * joule:g} mJ"
            ends += [
                {"name": name, "time_ms": at, "value": 1e3 * joule / at, "at": at == right} for at in (left, right)
            ]
    base = alt.Chart(pd.DataFrame(ends))
    line = base.mark_line(strokeDash=[4, 3], color=colours.GREY, strokeWidth=1, opacity=0.8)
    text = base.transform_filter("datum.at").mark_text(align="right", dx=-14, dy=-10, color=colours.GREY, fontSize=11)
    return [line.encode(x=x, y=y, detail="name:N"), text.encode(x=x, y=y, text="name:N")]
