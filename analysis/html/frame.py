"""The frame of every page: one HTML file that needs no network and no other file.

Names in a journal are not trusted. Jinja escapes every text. Figures get texts as JSON data and draw them as SVG text.
The page's content security policy forbids all requests, and all scripts except those named by hash.
"""

import base64
import hashlib
from functools import cache
from pathlib import Path
from typing import Any

import vl_convert
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from analysis.charts.vega import VEGA_LITE
from analysis.data.number_format import change, digits, plain_margin
from analysis.text.phrases import figure
from analysis.text.stability_phrases import span
from bench.core.terminal import short

_TEMPLATES = Path(__file__).with_name("templates")


def render_template(template: str, **values: Any) -> str:
    """Return the page of a template that extends base.html.j2, filled with `values`."""
    scripts = [_library(), _text("report.js")]
    frame = {
        "style": Markup(_text("report.css")),
        "scripts": [Markup(script) for script in scripts],
        "hashes": [_hash(script) for script in scripts],
    }
    return _environment().get_template(template).render(**frame, **values)


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(ms=digits, change=change, plain_margin=plain_margin, span=span)
    environment.filters.update(cut=lambda text: short(text, 300))
    environment.globals.update(figure=figure)
    environment.policies["json.dumps_kwargs"] = {"separators": (",", ":")}
    return environment


@cache
def _library() -> str:
    """Return Vega-Embed with all its dependencies as one script."""
    bundle = vl_convert.javascript_bundle("window.vegaEmbed = vegaEmbed;", vl_version=VEGA_LITE)
    return bundle.replace("</script", "<\\/script")  # occurs only inside strings; it would end the element


def _text(name: str) -> str:
    return (_TEMPLATES / name).read_text(encoding="utf-8")


def _hash(script: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
