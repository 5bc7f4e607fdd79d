"""Networks by work per parameter and by speed of computation: the paper's Table I and Figs. 1 and 9."""

import pandas as pd

from analysis.charts.figures import Axis, fit_panels, rows, stack_figures
from analysis.data.number_format import number
from analysis.report import study_data
from analysis.report.evidence import Evidence
from analysis.report.study_data import Answer
from analysis.studies.devices import best
from bench.artifacts.references import load_references

EDGE = "jetson-tx2"


def answer(evidence: Evidence) -> Answer:
    """Return rows with `macs_per_param`, and with `speed` (GMAC/s) of the paper's TX2 and each run's best framework."""
    cells = evidence.cells.drop_duplicates(["run_id", "model"])
    ratio = cells.assign(ratio=cells["macs"] / cells["params"])
    ours = study_data.runs(ratio[ratio["ratio"].notna()], "macs_per_param", "MAC", "ratio")
    ours = ours.assign(**dict.fromkeys(("device", "framework", "precision", "arm"), ""), launches=None)
    work = study_data.together(_table_1(), ours)
    order = work.groupby("model")["value"].max()
    speed = study_data.together(_speed(evidence), _speed_of_paper())
    whose = (speed["device"] + " " + speed["run"]).str.strip()
    of = whose + (", " + speed["framework"]).where(speed["whose"] == "paper", ", its fastest framework for each")
    drawn = [work.assign(panel="work per parameter"), speed.assign(panel=of)]
    drawn = [
        frame.assign(label=study_data.labelled(frame, "model"), place=frame["model"].map(order)).sort_values(
            ["place", "whose"], kind="stable"
        )
        for frame in drawn
    ]
    (upper, _), (lower, remark) = fit_panels(drawn[0]), fit_panels(drawn[1])
    caption = (
        "Above, multiply-accumulates for each parameter: the more, the more arithmetic for every number fetched from "
        "memory. The paper's Table I counts a multiply-accumulate once for classifiers and twice for YOLOv3, "
        "TinyYolo and C3D; here it counts once for all, and what the table prints is in the note. Below, how many "
        "thousand million multiply-accumulates a second are computed: work over time, from the table's work and Fig. 9 "
        "for the paper." + remark
    )
    chart = stack_figures(
        rows(upper, Axis("multiply-accumulates per parameter")),
        rows(lower, Axis("thousand million multiply-accumulates a second (GMAC/s)")),
    )
    return Answer(study_data.together(work, speed), chart, caption)


def _table_1() -> pd.DataFrame:
    printed = study_data.paper("models", source="Table I", quantity="work_per_param")
    twice = printed["model"].map(_counts)
    note = "printed as " + printed["value"].map(number)
    return printed.assign(quantity="macs_per_param", unit="MAC", value=printed["value"] / twice, note=note)


def _counts(model: str) -> int:
    """Return how many operations Table I counts for one multiply-accumulate of this network."""
    study = load_references()[model].study
    return 2 if study and study.unit == "flop" else 1


def _speed(evidence: Evidence) -> pd.DataFrame:
    times = best(evidence)
    macs = evidence.cells.drop_duplicates(["run_id", "model"]).set_index(["run_id", "model"])["macs"]
    keys = pd.MultiIndex.from_frame(times[["source", "model"]])
    return _per_second(times, pd.Series(macs.reindex(keys).to_numpy(), index=times.index))


def _speed_of_paper() -> pd.DataFrame:
    times = study_data.paper("times", source="Fig. 9", device=EDGE)
    work = study_data.paper("models", source="Table I", quantity="work").set_index("model")["value"]
    macs = times["model"].map(work) / times["model"].map(_counts)
    return _per_second(times, macs).assign(source="Fig. 9, Table I")


def _per_second(times: pd.DataFrame, macs: "pd.Series[float]") -> pd.DataFrame:
    """Convert times in ms to GMAC/s. Networks without an operation count are left out."""
    per = {name: macs / times[name] / 1e6 for name in ("value", "low", "high")}
    made = times.assign(quantity="speed", unit="GMAC/s", value=per["value"], low=per["high"], high=per["low"])
    return made[made["value"].notna()]
