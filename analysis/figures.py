"""The figures of a report, as Altair charts: from frames, without a colour that only one background can carry."""

from pathlib import Path
from typing import Any

import altair as alt
import pandas as pd

from analysis.ratios import RATIOS

# Okabe & Ito's colours: told apart with the common colour deficiencies, on white and on near-black; shapes say the
# same a second time.
VERDICTS = {"equivalent": "#009e73", "different": "#d55e00", "inconclusive": "#8a7fd6"}
ARM_COLOURS = {"container": "#0072b2", "rootfs": "#e69f00", "native": "#009e73"}
_SHAPES = ["circle", "diamond", "triangle-up"]
WIDTH = 560  # of one panel, in px


def ratio_frame(report: dict[str, Any]) -> pd.DataFrame:
    """One row per ratio that has a number: `cell`, `pair`, `change`, `low`, `high` (in %), `verdict`, `blocks`."""
    rows = [
        {
            "cell": cell["cell"],
            "pair": _title(name),
            "change": (ratio["ratio"] - 1) * 100,
            "low": (ratio["ci95"][0] - 1) * 100,
            "high": (ratio["ci95"][1] - 1) * 100,
            "verdict": ratio["verdict"],
            "blocks": ratio["blocks"],
        }
        for cell in report["cells"]
        for name, ratio in cell["ratios"].items()
        if ratio["ratio"] is not None
    ]
    return pd.DataFrame(rows, columns=["cell", "pair", "change", "low", "high", "verdict", "blocks"])


def launch_frame(launches: pd.DataFrame) -> pd.DataFrame:
    """One row per launch with a number: `cell`, `arm`, `block`, `median` (ms)."""
    good = launches.loc[launches["status"] == "ok", ["cell", "arm", "block", "median_ns"]]
    return good.assign(median=good["median_ns"] / 1e6).drop(columns="median_ns")


def ratio_chart(frame: pd.DataFrame, margin: float) -> alt.FacetChart:
    """A panel per ratio, a row per cell: the estimate, its 95 % interval, and the band of equivalence."""
    low, high = (1 / (1 + margin) - 1) * 100, margin * 100
    # Labels at the ends stay below their ticks: pulled inwards, they run into their neighbours.
    axis = alt.Axis(title="change in time per inference, %", labelFlush=False)
    y = alt.Y("cell:N", title=None, sort=None, axis=alt.Axis(labelLimit=320))
    base = alt.Chart(frame)
    once = base.transform_aggregate(cells="count()")  # one row a panel: a band per cell would add up to opaque
    band = once.mark_rect(opacity=0.18, color="#888").encode(x=alt.datum(low), x2=alt.datum(high))
    one = once.mark_rule(strokeDash=[4, 3], color="#888").encode(x=alt.datum(0))
    verdict = alt.Color(
        "verdict:N",
        title=None,
        scale=alt.Scale(domain=list(VERDICTS), range=list(VERDICTS.values())),
        legend=alt.Legend(orient="top", symbolSize=120),
    )
    shape = alt.Shape("verdict:N", title=None, scale=alt.Scale(domain=list(VERDICTS), range=_SHAPES))
    interval = base.mark_rule(strokeWidth=2.5).encode(x=alt.X("low:Q", axis=axis), x2="high:Q", y=y, color=verdict)
    tooltip = [
        alt.Tooltip("cell:N"),
        alt.Tooltip("pair:N", title="ratio"),
        alt.Tooltip("change:Q", title="change, %", format="+.2f"),
        alt.Tooltip("low:Q", title="95 % from", format="+.2f"),
        alt.Tooltip("high:Q", title="95 % to", format="+.2f"),
        alt.Tooltip("verdict:N"),
        alt.Tooltip("blocks:Q"),
    ]
    points = base.mark_point(size=90, filled=True, opacity=1).encode(
        x=alt.X("change:Q", axis=axis), y=y, color=verdict, shape=shape, tooltip=tooltip
    )
    return (
        alt.layer(band, one, interval, points)
        .properties(width=WIDTH, height=alt.Step(24))
        .facet(row=_header("pair:N", [_title(name) for name in RATIOS]), spacing=18)
        .properties(
            description=f"Change in time per inference by cell with 95 % intervals; band at ±{margin * 100:g} %."
        )
    )


def launch_chart(frame: pd.DataFrame) -> alt.FacetChart:
    """A panel per cell, a row per arm, a point per launch; each panel has its own scale, in ms."""
    launched = list(frame["arm"].unique())
    arms = [arm for arm in ARM_COLOURS if arm in launched] + [arm for arm in launched if arm not in ARM_COLOURS]
    colours = [ARM_COLOURS.get(arm, "#888") for arm in arms]
    picked = alt.selection_point(fields=["block"], on="pointerover", clear="pointerout")
    points = (
        alt.Chart(frame)
        .mark_point(size=60, filled=True)
        .encode(
            x=alt.X(
                "median:Q",
                axis=alt.Axis(title="ms", labelFlush=False, tickCount=8),
                scale=alt.Scale(zero=False, nice=True),
            ),
            y=alt.Y("arm:N", title=None, sort=arms, axis=alt.Axis(grid=True)),
            color=alt.Color("arm:N", legend=None, scale=alt.Scale(domain=arms, range=colours)),
            # Launches of one block ran one after another: pointing at one shows its partners.
            opacity=alt.condition(picked, alt.value(0.75), alt.value(0.12)),
            tooltip=[
                alt.Tooltip("cell:N"),
                alt.Tooltip("arm:N"),
                alt.Tooltip("block:Q"),
                alt.Tooltip("median:Q", title="median, ms", format=".4~g"),
            ],
        )
        .properties(width=WIDTH, height=alt.Step(22))
        .add_params(picked)
    )
    chart: alt.FacetChart = (
        points.facet(row=_header("cell:N", list(frame["cell"].unique())), spacing=14)
        .resolve_scale(x="independent")
        .properties(description="Median time of every launch, by cell and arm, in milliseconds.")
    )
    return chart


def save(chart: alt.FacetChart | alt.VConcatChart, path: Path) -> None:
    """Write a chart as PNG (two pixels a point) or SVG, by the name's ending; needs no browser and no network."""
    chart.save(str(path), scale_factor=2)


def _title(name: str) -> str:
    pair = RATIOS[name]
    return f"{name}: {pair.numerator} vs {pair.denominator}"


def _header(field: str, order: list[str]) -> alt.Row:
    header = alt.Header(title=None, labelAngle=0, labelOrient="top", labelAnchor="start", labelFontWeight="bold")
    return alt.Row(field, sort=order, header=header)
