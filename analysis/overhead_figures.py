"""What an overhead study adds to a report's figures: where the difference comes from, the time to the first answer."""

from typing import Any, NamedTuple

from analysis.attribution_figure import CLIP, attribution_chart, attribution_frame
from analysis.coldstart_figure import coldstart_chart, coldstart_frame
from analysis.plain import plain_margin


class Drawn(NamedTuple):
    """One figure: its name (also that of a file), its title, what to see in it, and the chart."""

    name: str
    title: str
    caption: str
    chart: Any


def drawn(report: dict[str, Any]) -> list[Drawn]:
    """Those figures for which the report has numbers."""
    margin, found = report["margin"], []
    if len(parts := attribution_frame(report)):
        caption = (
            "The first rows are the container against the arms without it. Below, one thing at a time is taken away "
            f"from the container: right of 0, that thing costs time. The band is {plain_margin(margin)}; what lies "
            f"beyond ±{CLIP:.0f} % is cut off."
        )
        chart = attribution_chart(parts, margin)
        found.append(Drawn("attribution", "Where the difference comes from", caption, chart))
    if len(phases := coldstart_frame(report)):
        caption = (
            "Medians over launches, without the runner's own checks. Files are in memory, but for the arm cold-cache. "
            "What the runtime, the mounting shell or taskset do in the process first is in the interpreter's phase."
        )
        found.append(Drawn("coldstart", "Time to the first answer", caption, coldstart_chart(phases)))
    return found
