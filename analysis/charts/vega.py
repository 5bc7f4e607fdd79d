"""Converts a chart to a picture, or to Vega for a page."""

import json
from pathlib import Path
from typing import Any

import altair as alt
import vl_convert

from analysis.charts.colours import GREY
from analysis.report.study_data import Figure

VEGA_LITE = "6.4"  # the version of altair's schema; vl-convert has several


def compile_chart(chart: Figure) -> dict[str, Any]:
    """Return the chart as Vega in the page's text colour, so that it suits light and dark screens and paper."""
    with alt.data_transformers.enable("default", max_rows=None):
        spec: dict[str, Any] = json.loads(chart.to_json())
    return compile_specification(spec)


def compile_specification(specification: dict[str, Any]) -> dict[str, Any]:
    """Return Vega for a page from a chart in Vega-Lite."""
    whole = {**specification, "config": {**specification.get("config", {}), **_page()}}
    made: dict[str, Any] = vl_convert.vegalite_to_vega(whole, vl_version=VEGA_LITE)
    return made


def _page() -> dict[str, Any]:
    font, ink = "system-ui, sans-serif", "currentColor"
    text = {"labelFont": font, "titleFont": font, "labelColor": ink, "titleColor": ink, "labelFontSize": 12}
    return {
        "background": "transparent",
        "view": {"stroke": "#8886"},
        "axis": {**text, "gridColor": "#8885", "domainColor": GREY, "tickColor": GREY, "titleFontSize": 12},
        "legend": text,
        "header": text,
        "title": {"font": font, "color": ink, "subtitleFont": font, "subtitleColor": ink},
        "text": {"font": font, "color": ink},
    }


def save(chart: Figure, path: Path) -> None:
    """Write a chart as PNG (two pixels per point) or SVG, by the suffix of `path`. Needs no browser and no network."""
    with alt.data_transformers.enable("default", max_rows=None):
        chart.save(str(path), scale_factor=2)
