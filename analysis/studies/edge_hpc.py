"""Edge devices against large machines, all with PyTorch: the paper's Figs. 9 and 10."""

import numpy as np
import pandas as pd

from analysis.charts.figures import Axis, fit_panels, rows
from analysis.data import reference
from analysis.report import study_data
from analysis.report.evidence import Evidence
from analysis.report.ranking import as_table
from analysis.report.study_data import Answer
from analysis.studies.device_kinds import family

EDGE = "jetson-tx2"
MEAN = "geometric mean"
COLUMNS = (*study_data.COLUMNS, "baseline")


def answer(evidence: Evidence) -> Answer:
    """Return a row for each device and network with its speedup over the paper's TX2, and the mean over networks.

    A run on a TX2 is drawn like any other device: it shows how far our TX2 is from the paper's.
    """
    table = study_data.together(_runs(evidence), _paper())
    drawn = table.assign(
        panel=(table["device"] + " " + table["run"]).str.strip() + " over jetson-tx2 (paper)",
        label=study_data.labelled(table, "model"),
    )
    shown, remark = fit_panels(drawn)
    caption = (
        "How many times faster than the TX2 of the paper's Fig. 9, one inference at a time, in PyTorch. Lines are the "
        "error of reading the figures; for runs also the 95 % interval over launches. The paper's mean of 2.99 is over "
        "13 networks and all four machines, the Xeon among them. Seven years of PyTorch lie between paper and runs, "
        "and its networks are not in every case ours." + remark
    )
    return Answer(table, rows(shown, Axis("times faster than the TX2", line=1.0)), caption)


def _paper() -> pd.DataFrame:
    bars = study_data.paper("ratios", source="Fig. 10", quantity="speedup")
    means = []
    for device, one in [*bars.groupby("device", sort=False), ("all four", bars)]:
        mean = reference.geometric_mean(one["value"])
        low, high = (float(np.exp(np.log(one[bound].fillna(one["value"])).mean())) for bound in ("low", "high"))
        said = {
            "value": mean,
            "low": low,
            "high": high,
            "interval": study_data.READING,
            "quantity": "speedup",
            "unit": "1",
        }
        note = f"over {len(one)} bars" + ("; the text says 2.99" if device == "all four" else "")
        who = {"whose": "paper", "source": "Fig. 10", "run": "", "precision": "", "arm": "", "framework": "pytorch"}
        names = {"device": device, "model": MEAN, "baseline": EDGE, "outcome": "ok"}
        means.append(who | names | said | {"note": note})
    table = study_data.together(bars, as_table(means, COLUMNS))
    return table.assign(place=study_data.in_order(table["device"])).sort_values("place", kind="stable")[list(COLUMNS)]


def _runs(evidence: Evidence) -> pd.DataFrame:
    cells = evidence.one_arm
    cells = cells[(cells["framework"].map(family) == "pytorch") & (cells["precision"] == "fp32") & cells["ms"].notna()]
    times = study_data.runs(cells, "speedup", "1", "ms")
    edge = study_data.paper("times", source="Fig. 9", device=EDGE).set_index("model")
    times = times[times["model"].isin(edge.index)]
    base = edge.loc[times["model"], ["value", "low", "high"]].set_index(times.index)
    base = base.assign(low=base["low"].fillna(base["value"]), high=base["high"].fillna(base["value"]))
    # Both errors at their worst. They are independent, so this interval is wider than necessary.
    ratios = times.assign(
        value=base["value"] / times["value"],
        low=base["low"] / times["high"].fillna(times["value"]),
        high=base["high"] / times["low"].fillna(times["value"]),
        interval="reading error and 95 % over launches",
        baseline=EDGE,
    )
    made = [ratios]
    for _, group in ratios.groupby(["source", "device", "framework"], sort=False):
        mean = {name: float(np.exp(np.log(group[name]).mean())) for name in ("value", "low", "high")}
        note = f"over {len(group)} networks"
        made.append(group.head(1).assign(**mean, model=MEAN, arm="", launches=int(group["launches"].min()), note=note))
    return study_data.together(*made)
