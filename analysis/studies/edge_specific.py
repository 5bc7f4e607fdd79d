"""Speedup of frameworks that only deploy networks over those that also train: the paper's Figs. 7 and 8."""

from typing import Any

import pandas as pd

from analysis.charts.figures import Axis, fit_panels, rows
from analysis.data import reference
from analysis.report import study_data
from analysis.report.evidence import Evidence
from analysis.report.ranking import Medians, arm_of_both, as_table, mean_speedup, speedup
from analysis.report.study_data import Answer
from analysis.studies.device_kinds import is_general

MEAN = "geometric mean"
# The paper's pairs: figure, device, framework, baseline framework, and the claim that states their mean.
PAIRS = (
    ("Fig. 7", "jetson-nano", "tensorrt", "pytorch", "tensorrt-over-pytorch"),
    ("Fig. 8", "raspberry-pi-3b", "tflite", "pytorch", "tflite-over-pytorch"),
    ("Fig. 8", "raspberry-pi-3b", "tflite", "tensorflow", "tflite-over-tensorflow"),
)
COLUMNS = (*study_data.COLUMNS, "baseline")


def answer(evidence: Evidence) -> Answer:
    """Return a row for each deployment framework, general framework and network, and their geometric means.

    The table has all pairs of a run. The figure compares only with the fastest general framework of each network.
    """
    ours = _runs(evidence)
    table = study_data.together(ours, _paper().assign(fastest=False))
    drawn = table[(table["whose"] == "paper") | table["fastest"].eq(True)]
    over = (" over " + drawn["baseline"]).where(drawn["whose"] == "paper", " over the fastest general framework")
    drawn = drawn.assign(
        panel=(drawn["device"] + " " + drawn["run"]).str.strip() + ": " + drawn["framework"] + over,
        label=study_data.labelled(_named(drawn), "what"),
    )
    shown, remark = fit_panels(drawn)
    caption = (
        "How many times faster, right of the line, or slower. Of runs the general framework is the one that is fastest "
        "for that network in that run, named in the row; lines are 95 % intervals over blocks. The paper's times are "
        "printed, its means are geometric (4.10, 4.53 and 1.58), and it says nothing of their spread." + remark
    )
    axis = Axis("times faster than the general framework", line=1.0)
    return Answer(table.drop(columns="fastest"), rows(shown, axis), caption)


def _paper() -> pd.DataFrame:
    made = []
    claims = reference.load("claims").set_index("claim")["value"]
    for source, device, framework, over, claim in PAIRS:
        ratios = reference.speedups(source, device, framework, over)
        mean = reference.geometric_mean(ratios)
        stated = f"over {len(ratios)} networks; the text says {claims[claim]:.2f}"
        for model, value, note in [*((model, ratio, "") for model, ratio in ratios.items()), (MEAN, mean, stated)]:
            names = {"device": device, "framework": framework, "model": model, "precision": "", "arm": ""}
            who = {"whose": "paper", "source": source, "run": ""} | names | {"baseline": over}
            made.append(who | {"quantity": "speedup", "unit": "1", "value": value, "interval": "", "note": note})
    return as_table([row | {"outcome": "ok"} for row in made], COLUMNS)


def _runs(evidence: Evidence) -> pd.DataFrame:
    made: list[dict[str, Any]] = []
    cells = evidence.one_arm
    for _, group in cells[cells["launches"] > 0].groupby(["run_id", "device"], sort=False):
        trains = group["framework"].map(is_general)
        general = group[trains & (group["precision"] == "fp32")].sort_values("ms", kind="stable")
        for _, edge in _most_precise(group[~trains]).groupby("framework", sort=False):
            made += _of_framework(edge.to_dict("records"), general.to_dict("records"), evidence)
    return as_table(made, [*COLUMNS, "fastest"])


def _of_framework(edge: list[Any], general: list[Any], evidence: Evidence) -> list[dict[str, Any]]:
    """Return the rows of one deployment framework. `general` is sorted by time, the fastest first."""
    made: list[dict[str, Any]] = []
    used: dict[str, list[tuple[Medians, Medians]]] = {}
    for one in edge:
        fastest = True
        for other in (row for row in general if row["model"] == one["model"]):
            if arm := arm_of_both(evidence, one["run_id"], one["cell"], other["cell"]):
                places = [(one["run_id"], cell, arm) for cell in (one["cell"], other["cell"])]
                pair = evidence.medians[places[0]], evidence.medians[places[1]]
                row = _row(one, one["model"], other["framework"], fastest) | {"arm": arm}
                made.append(row | speedup(*pair))
                for name in (other["framework"], *(["the fastest"] if fastest else [])):
                    used.setdefault(name, []).append(pair)
                fastest = False
    for name, pairs in used.items():
        row = _row(edge[0], MEAN, name, name == "the fastest") | {"note": f"over {len(pairs)} networks"}
        made.append(row | mean_speedup(pairs))
    return made


def _row(cell: Any, model: str, baseline: str, fastest: bool) -> dict[str, Any]:
    names = {name: cell[name] for name in ("run", "device", "framework", "precision")}
    who = {"whose": "run", "source": cell["run_id"], "arm": "", "quantity": "speedup", "unit": "1", "note": ""}
    return who | names | {"model": model, "baseline": baseline, "fastest": fastest}


def _most_precise(cells: pd.DataFrame) -> pd.DataFrame:
    """Keep the cell with the most bits of each framework and network: quantization is another study."""
    rank = cells["precision"].map({"fp32": 0, "fp16": 1, "int8": 2}).fillna(3)
    return cells.assign(rank=rank).sort_values("rank", kind="stable").drop_duplicates(["framework", "model"])


def _named(drawn: pd.DataFrame) -> pd.DataFrame:
    other = (" (" + drawn["baseline"] + ")").where((drawn["whose"] == "run") & (drawn["model"] != MEAN), "")
    precision = (" " + drawn["precision"]).where(~drawn["precision"].isin(["", "fp32"]), "")
    return drawn.assign(what=drawn["model"] + precision + other)
