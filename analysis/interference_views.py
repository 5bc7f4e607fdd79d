"""A report of interference on the terminal, as sentences, and as a figure."""

from collections.abc import Iterator
from textwrap import wrap
from typing import Any

import altair as alt
import pandas as pd
from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from analysis.figures import WIDTH
from analysis.overhead_figures import Drawn
from analysis.plain import change, percent, printable

WAYS = {"shared": "all on the same CPUs", "split": "each on CPUs of its own", "part": "one alone on such CPUs"}
_COLOURS = ["#0072b2", "#e69f00", "#999999"]
_FIGURES = {"throughput": "inferences per second, all instances", "latency_ms": "ms per inference", "p90_ms": "ms, p90"}


def show(report: dict[str, Any], console: Console) -> None:
    """Print the report. Fits 80 columns."""
    console.print(Text(printable(f"Run {report['run_id']}"), "bold"))
    for cell in report["cells"]:
        console.print()
        console.print(Text(printable(cell["cell"]), "bold"))
        table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="dim")
        for name in ("setup", "CPUs", "per second", "95 %", "ms", "95 %", "p90", "blocks"):
            table.add_column(name, justify="left" if name in ("setup", "CPUs") else "right")
        for name, setup in cell["setups"].items():
            cpus = " ".join(dict.fromkeys(setup["cpus"]))
            figures = (*_value(setup["throughput"]), *_value(setup["latency_ms"]), _value(setup["p90_ms"])[0])
            blocks = f"{setup['blocks']} (−{setup['failed']})" if setup["failed"] else str(setup["blocks"])
            table.add_row(Text(printable(name)), Text(printable(cpus)), *figures, blocks)
        console.print(Padding(table, (0, 0, 0, 2), expand=False))
    console.print()
    for sentence in sentences(report):
        for line in wrap(f"· {sentence}", min(console.width, 100), subsequent_indent="  ", break_on_hyphens=False):
            console.print(Text(printable(line)))


def sentences(report: dict[str, Any]) -> Iterator[str]:
    """What happens with K instances, in plain words."""
    for cell in report["cells"]:
        for name, ratio in cell["ratios"].items():
            what, _, rest = name.partition(" ")
            if what == "throughput":
                yield f"{cell['cell']}: {_throughput(rest, ratio, cell)}"
        if flagged := sum(setup["flagged"] for setup in cell["setups"].values()):
            yield f"{cell['cell']}: {flagged} launches were disturbed by what is not part of the study"
    yield from (f"left out: {name}: {why}" for name, why in report["absent"].items())
    yield from report["warnings"][:10]


def drawn(report: dict[str, Any]) -> list[Drawn]:
    """The figure for a page, where there is a number."""
    picture = chart(report)
    if picture is None:
        return []
    return [Drawn("interference", "Several containers at once", "; ".join(sentences(report)), picture)]


def chart(report: dict[str, Any]) -> alt.VConcatChart | None:
    """Throughput and latency over the number of instances, for each way of sharing; None without a number."""
    frame = _frame(report)
    if frame.empty:
        return None
    panels = [
        _panel(of_cell[of_cell["figure"] == name], axis).properties(title=alt.Title(str(cell), anchor="start"))
        for cell, of_cell in frame.groupby("cell", sort=False)
        for name, axis in _FIGURES.items()
    ]
    joined: alt.VConcatChart = alt.vconcat(*panels, spacing=24).properties(
        description="Throughput and latency over the number of instances at once, with 95 % intervals over blocks."
    )
    return joined


def _frame(report: dict[str, Any]) -> pd.DataFrame:
    """One row per cell, way, number of instances and figure; one instance belongs to both ways."""
    rows = []
    for cell in report["cells"]:
        for name, setup in cell["setups"].items():
            kind = name.partition("-")[0]
            for way in ("shared", "split") if kind == "alone" else (kind,):
                place = int(name.partition("-")[2]) if kind == "part" else setup["instances"]
                for figure in _FIGURES if kind != "part" else ("latency_ms", "p90_ms"):
                    low, high = setup[figure]["ci95"] or (None, None)
                    row = {"cell": cell["cell"], "way": WAYS[way], "instances": place, "figure": figure}
                    rows.append(row | {"value": setup[figure]["value"], "low": low, "high": high})
    columns = ["cell", "way", "instances", "figure", "value", "low", "high"]
    return pd.DataFrame(rows, columns=columns).dropna(subset=["value"])


def _panel(frame: pd.DataFrame, title: str) -> Any:
    x = alt.X("instances:O", title="instances at once", axis=alt.Axis(labelAngle=0))
    colour = alt.Color(
        "way:N",
        title=None,
        scale=alt.Scale(domain=list(WAYS.values()), range=_COLOURS),
        legend=alt.Legend(orient="top"),
    )
    base = alt.Chart(frame).encode(x=x, color=colour, xOffset=alt.XOffset("way:N", sort=list(WAYS.values())))
    y = alt.Y("value:Q", title=title, scale=alt.Scale(zero=True))
    tooltip = [
        "cell:N",
        "way:N",
        "instances:O",
        *(alt.Tooltip(f"{name}:Q", format=".4~g") for name in ("value", "low", "high")),
    ]
    points = base.mark_point(size=80, filled=True, opacity=1).encode(y=y, tooltip=tooltip)
    rules = base.mark_rule(strokeWidth=2.5).encode(y=alt.Y("low:Q", title=title), y2="high:Q")
    return alt.layer(rules, points).properties(width=WIDTH, height=160)


def _throughput(name: str, ratio: dict[str, Any], cell: dict[str, Any]) -> str:
    kind, _, count = name.partition("-")
    said = f"{count} instances, {WAYS[kind]}: against one alone, {change(ratio)} inferences per second"
    if latency := cell["ratios"].get(f"latency {name}"):
        said += f", {change(latency)} time for each"
    if tail := cell["ratios"].get(f"p90 {name}"):
        said += f" ({change(tail)} for the slowest of ten)"
    if own := cell["ratios"].get(f"latency {name} on its CPUs"):
        said += f"; {change(own)} against one alone on as many CPUs"
    return said


def _value(figure: dict[str, Any]) -> tuple[str, str]:
    """A value, and its interval around it in percent."""
    if figure["value"] is None:
        return "–", ""
    low, high = (percent(end / figure["value"], 0) for end in figure["ci95"]) if figure["ci95"] else ("", "")
    return f"{figure['value']:#.4g}", f"{low}, {high} %" if low else ""
