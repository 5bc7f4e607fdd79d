"""A thermal study as one page (frame.py): its summary, its figure, and a table of minutes."""

from typing import Any

from analysis.charts.vega import compile_chart
from analysis.data.number_format import digits
from analysis.experiments.thermal import answer, over_time
from analysis.experiments.thermal_events import Recording
from analysis.experiments.thermal_figure import thermal_chart
from analysis.experiments.thermal_table import COLUMNS, clock, minutes, sentences
from analysis.html.frame import render_template
from analysis.html.provenance import Provenance, build_tables, run_facts, shorten_texts
from analysis.html.tables import Field, Table, omission_remark
from bench.core.terminal import short

MOST = 1500  # rows of a table: one per minute of the longest study


def render(recording: Recording) -> str:
    """Return the page of a study, which may have been cut short."""
    facts, said, frame = recording.facts, answer(recording), over_time(recording)
    name = short(facts.get("id"))
    return render_template(
        "thermal.html.j2",
        title=f"edgebench-matrix: thermal study {name}",
        said=said,
        lines=sentences(said),
        figure=compile_chart(thermal_chart(frame, said)) if len(frame) else None,
        minutes=_minutes(said),
        held_back=_held_back(said),
        provenance=Provenance(
            name,
            shorten_texts(run_facts(facts, ("host", "versions", "sensors"))),
            [table for table in build_tables(facts, MOST) if table.rows],
        ),
    )


def _minutes(said: dict[str, Any]) -> Table:
    rows = [
        [Field(str(minute), minute), *(Field(digits(figure), figure) for figure in figures)]
        for minute, *figures in minutes(said)
    ]
    caption = "Every whole minute: the median time of an inference, and the means of all else"
    return Table(caption, COLUMNS, rows[:MOST], frozenset(COLUMNS), omission_remark(rows, MOST))


def _held_back(said: dict[str, Any]) -> Table:
    rows = [
        [
            Field(short(event["what"])),
            Field(short(event["channel"])),
            Field(clock(event["from_s"]), event["from_s"]),
            Field(digits(event["to_s"] - event["from_s"]), event["to_s"] - event["from_s"]),
        ]
        for event in said["throttling"]
    ]
    columns, numbers = ("what", "told by", "from, min:s", "for, s"), frozenset({"from, min:s", "for, s"})
    return Table("What held the board back", columns, rows[:MOST], numbers, omission_remark(rows, MOST))
