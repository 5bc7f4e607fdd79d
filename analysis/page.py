"""A report as one HTML file that needs nothing else: no network, no second file.

Names in a journal are not trusted. Jinja escapes every text; figures get theirs as JSON data, drawn as SVG text; and
the page forbids itself, by a content security policy, every script but the ones named by hash and every request.
"""

import base64
import hashlib
import json
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import altair as alt
import pandas as pd
import vl_convert
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from analysis import figures, overhead_figures
from analysis.phases import PHASES
from analysis.ratios import RATIOS
from analysis.words import MEANING, change, energy, figure, percent, plain_margin, summary
from analysis.words_overhead import EXPLAINED

_TEMPLATES = Path(__file__).parent / "templates"
VEGA_LITE = "6.4"  # of altair's schema; vl-convert carries several


def render(report: dict[str, Any], launches: pd.DataFrame, more: Sequence[overhead_figures.Drawn] = ()) -> str:
    """The page, from a report (report.py) and the launches it was made from (load.py); `more` figures come last."""
    scripts = [_library(), (_TEMPLATES / "report.js").read_text(encoding="utf-8")]
    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(ms=_ms, change=change, energy=energy, plain_margin=plain_margin, span=_span)
    environment.globals.update(figure=figure)
    return environment.get_template("report.html.j2").render(
        report=report,
        summary=summary(report),
        explained=EXPLAINED if any(cell["attribution"] for cell in report["cells"]) else EXPLAINED[:2],
        figures=[*_figures(report, launches), *(_figure(*each) for each in more)],
        pairs=RATIOS,
        phases=[*PHASES, "total"],
        meaning=MEANING,
        style=Markup((_TEMPLATES / "report.css").read_text(encoding="utf-8")),
        scripts=[Markup(script) for script in scripts],
        hashes=[_hash(script) for script in scripts],
    )


def _figures(report: dict[str, Any], launches: pd.DataFrame) -> list[dict[str, Any]]:
    """What there is to draw: `id`, `title`, `caption` (what to see in it), `spec` (Vega-Lite)."""
    ratios, medians = figures.ratio_frame(report), figures.launch_frame(launches)
    margin = report["margin"]
    drawn = []
    if len(ratios):
        caption = (
            f"Points are estimates, lines 95 % intervals over launches. The band is {plain_margin(margin)}: arms count "
            "as equivalent when the 90 % interval, a little shorter than the line, lies within it."
        )
        drawn.append(_figure("ratios", "What containers cost", caption, figures.ratio_chart(ratios, margin)))
    if len(medians):
        caption = (
            "Each point is one launch. Point at one to see the others of its block, which ran right before or after."
        )
        drawn.append(_figure("launches", "Every launch", caption, figures.launch_chart(medians)))
    return [*drawn, *(_figure(*each) for each in overhead_figures.drawn(report))]


def _figure(name: str, title: str, caption: str, chart: Any) -> dict[str, Any]:
    with alt.data_transformers.enable("default", max_rows=None):  # a run may have more launches than Altair's 5000 rows
        spec = json.loads(chart.to_json())
    return {"id": name, "title": title, "caption": caption, "spec": spec}


@cache
def _library() -> str:
    """Vega-Embed with all that it needs, as one script."""
    bundle = vl_convert.javascript_bundle("window.vegaEmbed = vegaEmbed;", vl_version=VEGA_LITE)
    return bundle.replace("</script", "<\\/script")  # inside strings only; would end the element


def _hash(script: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()


def _ms(value: float | None) -> str:
    return "–" if value is None else f"{value:,.0f}" if value >= 1000 else f"{value:#.4g}"


def _span(effect: dict[str, Any]) -> str:
    """What changes inside launches: `+1.2 % [+0.4, +2.0]`."""
    if effect["change"] is None:
        return "–"
    low, high = (percent(1 + end) for end in effect["ci95"])
    return f"{percent(1 + effect['change'])} % [{low}, {high}]"
