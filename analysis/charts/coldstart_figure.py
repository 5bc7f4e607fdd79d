"""The time to the first inference as stacked bars: one bar for each arm of each cell, one colour for each phase."""

from typing import Any

import altair as alt
import pandas as pd

from analysis.charts.colours import PHASES as COLOURS
from analysis.charts.figures import STEP, WIDTH, fit_panels, header
from analysis.data.phases import PHASES, TOTAL
from analysis.report import study_data
from analysis.report.evidence import Evidence
from analysis.report.study_data import Answer, Figure

COLUMNS = (*study_data.COLUMNS, "phase", "panel")


def answer(evidence: Evidence) -> Answer | None:
    """Return a row for each phase and the total of each arm of each cell; None if no launch has phases."""
    table = pd.DataFrame(
        [
            row
            for report in evidence.reports
            for cell in report["cells"]
            if (report["run_id"], cell["cell"]) not in evidence.left_out
            for arm in cell["arms"]
            for row in _rows(cell, arm, report["run_id"], evidence.labels[report["run_id"]])
        ],
        columns=list(COLUMNS),
    )
    if table.empty:
        return None
    shown, remark = fit_panels(table[table["phase"] != TOTAL])
    caption = (
        "Medians over launches, without the runner's own checks. Files are in memory, but for the arm cold-cache. "
        "What the runtime, the mounting shell or taskset do in the process first is in the interpreter's phase. "
        "Each cell has an axis of its own."
    )
    return Answer(table, _chart(shown), caption + remark)


def _rows(cell: dict[str, Any], arm: str, run_id: str, run: str) -> list[dict[str, Any]]:
    phases = cell["arms"][arm]["phases"]
    if phases[TOTAL] is None:
        return []
    shared = {
        **{"whose": "run", "source": run_id, "run": run, "device": cell["cell"].split("/")[0], "arm": arm},
        **{name: cell[name] for name in ("framework", "model", "precision")},
        **{"quantity": "time until the first answer", "unit": "ms", "low": float("nan"), "high": float("nan")},
        **{"interval": "", "launches": cell["arms"][arm]["launches"], "outcome": "ok", "note": ""},
        "panel": f"{cell['cell']} {run}".strip(),
    }
    told = [name for name in (*PHASES, TOTAL) if phases[name] is not None]
    return [shared | {"phase": name, "value": phases[name]} for name in told]


def _chart(table: pd.DataFrame) -> Figure:
    drawn = table.assign(
        shown=study_data.shown(table), at=pd.factorize(table["panel"])[0], order=table["phase"].map(list(PHASES).index)
    )
    colour = alt.Color(
        "phase:N",
        title=None,
        scale=alt.Scale(domain=list(COLOURS), range=list(COLOURS.values())),
        legend=alt.Legend(orient="top", columns=len(COLOURS)),
    )
    ticks = alt.Axis(titleFontWeight="normal", labelFlush=False, tickCount=8)
    bars = (
        alt.Chart(drawn[["panel", "arm", "phase", "value", "shown", "source", "at", "order"]])
        .mark_bar(height=12)
        .encode(
            x=alt.X("value:Q", title="time until the first answer, ms", stack="zero", axis=ticks),
            y=alt.Y("arm:N", title=None, sort=None),
            color=colour,
            order=alt.Order("order:Q"),
            tooltip=[alt.Tooltip(f"{name}:N") for name in ("panel", "arm", "phase", "shown", "source")],
        )
        .properties(width=WIDTH, height=alt.Step(STEP))
    )
    chart: alt.FacetChart = bars.facet(row=header(), spacing=62, bounds="flush").resolve_scale(
        x="independent", y="independent"
    )
    return chart
