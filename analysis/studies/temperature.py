"""Temperature at rest and during inference: the paper's Table VI and Fig. 14, and the energy pass of runs."""

import altair as alt
import pandas as pd

from analysis.charts import colours, figures
from analysis.report import study_data
from analysis.report.evidence import Evidence
from analysis.report.study_data import Answer, Figure

AXIS = "temperature, °C"


def answer(evidence: Evidence) -> Answer:
    """Return rows with `idle_temperature` and `busy_temperature`. A run has one row: its warmest cell and arm."""
    warm = evidence.compared.sort_values("temperature_c", ascending=False, kind="stable")
    ours = study_data.sensed(warm.drop_duplicates(["run_id", "device"]), "busy_temperature", "°C", "temperature_c")
    ours = ours.drop(columns="scope")  # the scope belongs to the power meter, not to the temperature
    table = study_data.together(study_data.paper("temperature"), ours)
    drawn = table.assign(
        label=study_data.labelled(table, "device"),
        state=table["quantity"].map({"idle_temperature": "idle", "busy_temperature": "inferring"}),
        shown=study_data.shown(table),
    )
    caption = (
        "The paper: at rest (open) and under Inception-v4 at a steady state (filled), on the surface of the chip or "
        "its heatsink, which is 5 to 10 °C below the chip's inside; read off with ±0.5 °C. The room's temperature is "
        "not told. A run: the highest that any of the board's own sensors said while its warmest cell inferred in the "
        "energy pass, which ends after seconds; how warm a board becomes is what `bench measure thermal` measures."
    )
    if ours.empty:
        caption += " No run at hand has a temperature."
    return Answer(table, _figure(drawn), caption)


def _figure(drawn: pd.DataFrame) -> Figure:
    base = alt.Chart(drawn).encode(y=alt.Y("label:N", title=None, sort=None, axis=alt.Axis(labelLimit=330)))
    colour, _ = colours.tones()
    reach = alt.Scale(domain=[float(drawn["value"].min()) - 4, float(drawn["value"].max()) + 14], nice=False)
    x = alt.X("value:Q", title=AXIS, scale=reach, axis=alt.Axis(titleFontWeight="normal", labelFlush=False))
    tooltip = [alt.Tooltip(name) for name in ("label:N", "state:N", "framework:N", "model:N", "source:N", "note:N")]
    joined = base.mark_line(strokeWidth=1.5, opacity=0.6).encode(x=x, detail="label:N", color=colour)
    points = base.mark_point(size=80, opacity=1, strokeWidth=2).encode(
        x=x,
        color=colour,
        fill=alt.condition("datum.state == 'inferring'", colour, alt.value("transparent")),
        tooltip=[*tooltip, alt.Tooltip("shown:N", title=AXIS)],
    )
    note = base.mark_text(align="left", dx=9, fontStyle="italic", opacity=0.8).encode(x=x, text="note:N")
    return alt.layer(joined, points, note).properties(width=figures.WIDTH, height=alt.Step(26))
