"""Figures of tidy frames, as Altair charts: rows of values with their intervals, in panels."""

from math import ceil, floor, log10
from typing import Any, NamedTuple

import altair as alt
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analysis.charts.colours import GREY, tones
from analysis.report.study_data import Figure, shown
from bench.core.terminal import short

WIDTH = 560  # px of one panel
STEP = 18  # px from row to row
LEAST_SPAN = 4  # of a logarithmic axis, as high / low: with less, Vega's ticks suffice
SHORT_DECADES = 2.5  # an axis of fewer decades also has ticks at 2 and 5 times a power of ten
MOST_ROWS = 300  # of one figure: a longer one is not readable


class Axis(NamedTuple):
    """The x axis of `rows`: title with unit, whether it is logarithmic, marked value, marked range, and ends."""

    title: str
    log: bool = True
    line: float | None = None
    band: tuple[float, float] | None = None
    ends: tuple[float, float] | None = None


def change_axis(frame: pd.DataFrame, margin: float, title: str = "change, %") -> Axis:
    """Return the axis of changes in %, with 0 marked and the margin as a band.

    The axis contains all values and the band, and extends on each side by at most the same length again. Longer
    intervals are cut, so that they do not squeeze the others.
    """
    band = (100 / (1 + margin) - 100, 100 * margin)
    values = [*band, *frame["value"].dropna()]
    low, high = min(values), max(values)
    reach = high - low
    lows, highs = [low, *frame["low"].dropna()], [high, *frame["high"].dropna()]
    ends = max(min(lows), low - reach) - 0.05 * reach, min(max(highs), high + reach) + 0.05 * reach
    return Axis(title, log=False, line=0.0, band=band, ends=ends)


def rows(frame: pd.DataFrame, axis: Axis, *, tone: str = "whose", width: int = WIDTH, named: bool = True) -> Figure:
    """Draw a panel for each value of `panel`, in their order, with a row for each `label`: value and interval.

    A row without a value shows the reason. `tone` is the column of TONES that selects colours and shapes. If `named` is
    false, labels and titles of panels are omitted, because the figure to the left has them.
    """
    why = frame["outcome"].where(frame["value"].isna(), "").map(short)
    drawn = frame.assign(shown=shown(frame), why=why)
    if axis.log:
        drawn = drawn.assign(**_above_zero(drawn))
    drawn = drawn.assign(at=pd.factorize(drawn["panel"])[0])
    columns = ["panel", "at", "label", tone, "value", "low", "high", "shown", "why", "source", "note"]
    base = alt.Chart(drawn[columns].map(lambda cell: short(cell) if isinstance(cell, str) else cell))
    ticks = _ticks(drawn[["value", "low", "high"]].to_numpy(dtype=float), axis, width)
    scale = alt.Scale(type="log", nice=False, padding=8) if axis.log else alt.Scale(zero=False, padding=8)
    if axis.ends is not None:
        scale = alt.Scale(domain=list(axis.ends), nice=False)
    labels = alt.Axis(labelLimit=330, grid=True, gridDash=[1, 3], labels=named, ticks=named)
    y = alt.Y("label:N", title=None, sort=None, axis=labels)
    colour, shape = tones(tone)
    tooltip = [
        alt.Tooltip("label:N", title="what"),
        alt.Tooltip("panel:N", title="of"),
        alt.Tooltip("shown:N", title=axis.title),
        alt.Tooltip("source:N"),
        alt.Tooltip("note:N"),
    ]
    # This layer is the first because it has all rows: the first layer determines the order of the axis.
    reason = base.mark_text(align="left", fontStyle="italic", opacity=0.8, limit=width - 10)
    points = base.mark_point(size=55, filled=True, opacity=1).encode(
        x=alt.X("value:Q", axis=ticks, scale=scale), y=y, color=colour, shape=shape, tooltip=tooltip
    )
    layers: list[Any] = [reason.encode(x=alt.value(6), y=y, text="why:N"), points]
    if drawn["low"].notna().any():  # Vega warns about an axis without a value
        x = alt.X("low:Q", axis=ticks, scale=scale)
        layers.insert(
            1, base.mark_rule(strokeWidth=2, clip=axis.ends is not None).encode(x=x, x2="high:Q", y=y, color=colour)
        )
    once = base.transform_aggregate(rows="count()")  # one mark per panel: one per row would add up to opaque
    if axis.band is not None:
        band = once.mark_rect(opacity=0.18, color=GREY)
        layers.insert(0, band.encode(x=alt.datum(axis.band[0]), x2=alt.datum(axis.band[1])))
    if axis.line is not None:
        layers.insert(0, once.mark_rule(strokeDash=[4, 3], color=GREY).encode(x=alt.datum(axis.line)))
    chart: alt.FacetChart = (
        alt.layer(*layers)
        .properties(width=width, height=alt.Step(STEP))
        # With `flush`, marks that exceed a panel by a pixel do not shift the next panel.
        .facet(row=header(named=named), spacing=22, bounds="flush")
        .resolve_scale(y="independent")
    )
    return chart


def place_side_by_side(parts: list[tuple[pd.DataFrame, Axis, str]], *, tone: str = "whose") -> Figure:
    """Put figures of `rows` side by side, each with its title. All must have the same panels and labels."""
    width = WIDTH if len(parts) == 1 else 190
    charts = [
        rows(frame, axis, tone=tone, width=width, named=place == 0).properties(
            title=alt.Title(title, anchor="end", fontWeight="normal", fontSize=12)
        )
        for place, (frame, axis, title) in enumerate(parts)
    ]
    joined: alt.HConcatChart = alt.hconcat(*charts, spacing=14).resolve_scale(color="shared", shape="shared")
    return joined


def stack_figures(*charts: Figure) -> Figure:
    """Put one figure above another, with one legend."""
    stacked: alt.VConcatChart = alt.vconcat(*charts, spacing=30).resolve_scale(color="shared", shape="shared")
    return stacked


def fit_panels(frame: pd.DataFrame) -> tuple[pd.DataFrame, str]:
    """Return the rows of as many whole panels as fit in a figure, and a remark about the others.

    Panels with values of the paper are always included."""
    if len(frame) <= MOST_ROWS:
        return frame, ""
    sizes = frame.groupby("panel", sort=False).agg(
        rows=("whose", "size"), paper=("whose", lambda who: "paper" in set(who))
    )
    papers, others = sizes[sizes["paper"]], sizes[~sizes["paper"]]
    room = MOST_ROWS - int(papers["rows"].sum())
    kept = {*papers.index, *others.index[others["rows"].cumsum() <= room]} or set(others.index[:1])
    shown = frame[frame["panel"].isin(kept)].head(MOST_ROWS)
    return shown, f" Drawn are {len(shown)} of {len(frame)} rows; the table has all of them."


def header(*, named: bool = True) -> alt.Row:
    """Return titles above the panels, in the order of `at`. Blank titles take the same space."""
    title: dict[str, Any] = {} if named else {"labelExpr": "' '"}
    header = alt.Header(
        title=None,
        labelAngle=0,
        labelOrient="top",
        labelAnchor="start",
        labelFontWeight="bold",
        labelPadding=-10,
        **title,
    )
    return alt.Row("panel:N", sort=alt.EncodingSortField(field="at", op="min"), header=header)


def _ticks(values: NDArray[np.float64], axis: Axis, width: int) -> alt.Axis:
    """Return the axis. A logarithmic one gets the ticks of the function below: Vega's are too many or too few."""
    plain: dict[str, Any] = {"title": axis.title, "titleFontWeight": "normal", "labelFlush": False}
    plain |= {"format": "~g"} if axis.log else {}
    numbers = values[np.isfinite(values)]
    low, high = (float(numbers.min()), float(numbers.max())) if numbers.size else (1.0, 1.0)
    if not axis.log or high / low < LEAST_SPAN:
        return alt.Axis(tickCount=8 if width == WIDTH else 5, **plain)
    return alt.Axis(values=log_ticks(low, high), **plain)


def log_ticks(low: float, high: float) -> list[float]:
    """Return the powers of ten in this range; in a short range also 2 and 5 times these."""
    steps = (1, 2, 5) if log10(high / low) < SHORT_DECADES else (1,)
    return [step * 10.0**power for power in range(floor(log10(low)), ceil(log10(high)) + 1) for step in steps]


def _above_zero(frame: pd.DataFrame) -> dict[str, "pd.Series[float]"]:
    """Replace values and bounds of 0 by small ones, because a logarithmic axis cannot show 0.

    Outputs may have no error, and a reading error may reach 0.
    """
    least = frame["value"].where(frame["value"] > 0).min()
    value = frame["value"].clip(lower=least)
    bounds = {name: frame[name].where(frame[name].isna() | (frame[name] > 0), value / 100) for name in ("low", "high")}
    return {"value": value, **bounds}
