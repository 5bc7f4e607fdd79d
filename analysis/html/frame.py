"""What every page shares: one HTML file that needs nothing else, no network and no second file.

Names in a journal are not trusted. Jinja escapes every text; figures get theirs as JSON data, drawn as SVG text; and
the page forbids itself, by a content security policy, every script but the ones named by hash and every request.
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


def fill(template: str, **values: Any) -> str:
    """The page of a template that extends base.html.j2, with what it is to say."""
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
    """Vega-Embed with all that it needs, as one script."""
    bundle = vl_convert.javascript_bundle("window.vegaEmbed = vegaEmbed;", vl_version=VEGA_LITE)
    return bundle.replace("</script", "<\\/script")  # inside strings only; would end the element


def _text(name: str) -> str:
    return (_TEMPLATES / name).read_text(encoding="utf-8")


def _hash(script: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
