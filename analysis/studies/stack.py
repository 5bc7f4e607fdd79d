"""Time of each phase before the first answer and in a short script: the paper's Fig. 5."""

import altair as alt
import numpy as np
import pandas as pd

from analysis.charts import colours, figures
from analysis.data.phases import PHASES, total
from analysis.report import study_data
from analysis.report.evidence import Evidence
from analysis.report.evidence_cells import NAMES
from analysis.report.stats.interval import typical
from analysis.report.study_data import Answer, Figure

INFERENCES = 30  # of a script, as in the paper's profile of the Raspberry Pi
# Maps functions of the paper's profile to the phases of a launch; all others are `inference`.
PARTS = {
    **dict.fromkeys(("library loading", "import"), "import"),
    **dict.fromkeys(("base_layer", "layers and weights", "init variables", "model init"), "load"),
    **dict.fromkeys(("session init", "SessionMakeCallable"), "load"),
    "randn": "make the input",
    "_TensorBase.to()": "copy to the device",
}
COLOURS = {  # in the order of time
    **{phase: colour for phase, colour in colours.PHASES.items() if phase != "first"},
    "make the input": colours.SKY,
    "copy to the device": colours.VERMILION,
    "first": colours.PHASES["first"],
    "inference": colours.BLUE,
}
TOTAL = "until the first answer"
MOST = 120  # bars of a figure


def answer(evidence: Evidence) -> Answer:
    """Return rows with `share` (%) of a script by `phase`, and of runs also `time` (ms). The total has an interval."""
    times = _times(evidence)
    shares = study_data.together(_shares(times), _paper())
    until_first = times[times["phase"] != "inference"]
    table = study_data.together(shares, until_first).drop(columns="place", errors="ignore")
    charts: list[Figure] = [_bars(shares, f"share of a script of {INFERENCES} inferences, %", most=100.5)]
    if len(until_first):
        charts.append(_bars(until_first, "time until the first answer, ms"))
    caption = (
        f"Above, the shares of a script with {INFERENCES} inferences, made of each phase's typical time; the paper's "
        "profile of the TX2 is of 1000. Below, of runs, the time from asking for the launch until the first answer, "
        "the line being the 95 % interval of the whole. `create` is the engine making the container, `start` the "
        "kernel making the process, `interpreter` what that does until the first line of Python (an older run tells "
        "these three as `start`), `load` reads the model and builds its graph, `first` is the first inference. The "
        "paper does not name its network, and times functions of Python rather than phases; they are assigned by "
        "their names."
    )
    cells = until_first["place"].nunique()
    if cells > MOST:
        caption += f" Drawn are the first {MOST} of {cells} cells; the table has all of them."
    return Answer(table, figures.stack_figures(*charts), caption)


def _paper() -> pd.DataFrame:
    rows = study_data.paper("stack")
    rows = rows.assign(phase=rows["part"].map(PARTS).fillna("inference"), note=rows["part"])
    return rows[[*study_data.COLUMNS, "phase", "inferences"]]


def _times(evidence: Evidence) -> pd.DataFrame:
    """Return a row for each cell and phase, and for their total, in ms. `inference` is one after the first."""
    read = evidence.one_arm
    launches = evidence.compared_launches.merge(read[NAMES], on=NAMES)
    said = pd.DataFrame(list(launches["phases"]), index=launches.index, dtype="float64").reindex(columns=list(PHASES))
    whole = said.assign(**{"inference": launches["median_ns"], TOTAL: launches["phases"].map(total)})
    launches = launches[NAMES].join(whole)
    made = []
    for phase in (*PHASES, "inference", TOTAL):
        found = typical(launches, phase, NAMES).rename(columns={"value": "ns", "low": "low_ns", "high": "high_ns"})
        cells = found.reset_index().assign(launches=found["n"].to_numpy(), reason=None, printed=False)
        cells = cells.astype({"ns": "float64", "low_ns": "float64", "high_ns": "float64"})
        made.append(study_data.runs(cells[cells["n"] > 0], "time", "ms", "ns", times=1e-6).assign(phase=phase))
    table = pd.concat(made, ignore_index=True)
    read = read.sort_values(["run_id", "model", "framework", "cell"], key=study_data.in_order, kind="stable")
    ranked = read[["run_id", *study_data.NAMES]]
    place = {key: at for at, key in enumerate(ranked.itertuples(index=False, name=None))}
    keys = table[["source", *study_data.NAMES]].itertuples(index=False, name=None)
    return table.assign(place=[place[key] for key in keys]).sort_values("place", kind="stable", ignore_index=True)


def _shares(times: pd.DataFrame) -> pd.DataFrame:
    """Return the share (%) of each phase in a script of INFERENCES inferences, including the first."""
    parts = times[times["phase"] != TOTAL]
    spent = parts["value"] * np.where(parts["phase"] == "inference", INFERENCES - 1, 1)
    share = 100 * spent / spent.groupby(parts["place"]).transform("sum")
    whole = parts["place"].isin(times.loc[times["phase"] == TOTAL, "place"])
    made = parts.assign(quantity="share", unit="%", value=share, low=float("nan"), high=float("nan"), interval="")
    made = made.assign(inferences=str(INFERENCES))
    return made[whole]


def _kept(labels: "pd.Series[str]") -> list[str]:
    """Return the labels of at most MOST bars: all of the paper's and the first ones of the runs'."""
    every = list(dict.fromkeys(labels))
    papers = [label for label in every if label.endswith("paper")]
    return [label for label in every if label not in papers][: MOST - len(papers)] + papers


def _bars(table: pd.DataFrame, axis: str, most: float | None = None) -> Figure:
    runs = table[table["whose"] == "run"]
    told = [name for name in ("precision", "arm") if runs[name].nunique() > 1]
    label = study_data.labelled(table, "device", "model", "framework", *told)
    drawn = table.assign(label=label, shown=study_data.shown(table))
    drawn = drawn[label.isin(_kept(label))]
    drawn = drawn.assign(order=drawn["phase"].map({phase: at for at, phase in enumerate(COLOURS)}))
    columns = ["label", "phase", "value", "low", "high", "shown", "source", "note", "order"]
    base = alt.Chart(drawn[columns]).encode(y=alt.Y("label:N", title=None, sort=None, axis=alt.Axis(labelLimit=330)))
    parts = base.transform_filter(alt.datum.phase != TOTAL)
    colour = alt.Color(
        "phase:N",
        title=None,
        scale=alt.Scale(domain=list(COLOURS), range=list(COLOURS.values())),
        legend=alt.Legend(orient="top", columns=4),
    )
    tooltip = [alt.Tooltip(f"{name}:N") for name in ("label", "phase", "shown", "source", "note")]
    scale = alt.Scale(domain=[0, most], nice=False) if most else alt.Scale()
    ticks = alt.Axis(titleFontWeight="normal", labelFlush=False, tickCount=8)
    x = alt.X("value:Q", title=axis, stack="zero", axis=ticks, scale=scale)
    bars = parts.mark_bar(height=12).encode(x=x, color=colour, order=alt.Order("order:Q"), tooltip=tooltip)
    reach = base.transform_filter(alt.datum.phase == TOTAL).mark_rule(strokeWidth=1.5, color=colours.GREY)
    layers = alt.layer(bars, reach.encode(x="low:Q", x2="high:Q"))
    return layers.properties(width=figures.WIDTH, height=alt.Step(figures.STEP))
