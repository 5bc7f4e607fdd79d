"""One row for each run, cell and arm: launches condensed, never those of two runs together (evidence.py)."""

from typing import Any

import pandas as pd

from analysis.interval import typical
from analysis.load import SENSED, section

NAMES = ["run_id", "run", "cell", "device", "framework", "model", "precision", "arm"]
_COUNTS = ["launches", "failed", "samples"]
_CENTRES = {f"{figure}_ms": f"{figure}_ns" for figure in ("median", "p90", "p99", "load", "first")}
_BOUNDS = (("", "value"), ("low_", "low"), ("high_", "high"))
_NUMBERS = ["ms", "low_ms", "high_ms", *_CENTRES, "memory_bytes", *SENSED, "low_energy_j", "high_energy_j"]
_TYPES = (
    dict.fromkeys([*NAMES, "reason"], "object")
    | dict.fromkeys(_COUNTS, "int64")
    | dict.fromkeys(_NUMBERS, "float64")
    | {"printed": "bool"}
)
_FACTS = ("artifact_bytes", "image_bytes", "max_rel", "cosine", "top1", "params", "macs")


def measured(launches: pd.DataFrame) -> pd.DataFrame:
    """Of launches; empty, with all columns, where there is none."""
    if launches.empty:
        return pd.DataFrame(columns=list(_TYPES)).astype(_TYPES)
    good = launches["status"] == "ok"
    by = launches.assign(good=good, bad=~good).groupby(NAMES, sort=False)
    times, energy = typical(launches, "median_ns", NAMES), typical(launches, "energy_j", NAMES)
    frame = pd.DataFrame(
        {
            "launches": by["good"].sum(),
            "failed": by["bad"].sum(),
            "samples": by["n"].sum(),
            "reason": _most_frequent(launches.loc[~good]),
            **{name: by[source].median() / 1e6 for name, source in _CENTRES.items()},
            "memory_bytes": by["rss_peak_bytes"].max(),
            **{name: by[name].median() for name in SENSED},
            **{f"{prefix}ms": times[bound] / 1e6 for prefix, bound in _BOUNDS},
            **{f"{prefix}energy_j": energy[bound] for prefix, bound in _BOUNDS},
        },
        index=by.size().index,
    )
    return frame.reset_index().assign(printed=False)[list(_TYPES)].astype(_TYPES)


def printed(means: pd.DataFrame) -> pd.DataFrame:
    """Of what other programs printed: a time without launches, so without an interval."""
    times = means.groupby(NAMES, sort=False)["mean_ns"].median() / 1e6
    frame = times.rename("ms").reset_index().assign(printed=True, launches=0, failed=0, samples=0)
    return frame.reindex(columns=list(_TYPES)).astype(_TYPES)


def facts(run: dict[str, Any], cells: pd.DataFrame) -> pd.DataFrame:
    """What run.json says of these cells, with their index; NaN where it does not, or not as a number."""
    artifacts, images = section(run, "artifacts"), section(run, "images")
    rows = []
    for cell, framework in zip(cells["cell"], cells["framework"], strict=True):
        artifact, parity = section(artifacts, cell), section(section(artifacts, cell), "parity")
        sizes = {
            "artifact_bytes": artifact.get("size_bytes"),
            "image_bytes": section(images, framework).get("size_bytes"),
        }
        counts = {name: artifact.get(name) for name in ("params", "macs")}
        top1 = parity.get("top1")
        rows.append(
            {name: _number(value, 1.0) for name, value in (sizes | counts).items()}
            | {"max_rel": _number(parity.get("max_rel"), 0.0), "cosine": _number(parity.get("cosine"), -1.0)}
            | {"top1": float(top1) if isinstance(top1, bool) else float("nan")}
        )
    return pd.DataFrame(rows, columns=list(_FACTS), index=cells.index, dtype="float64")


def _most_frequent(failed: pd.DataFrame) -> "pd.Series[Any]":
    """Of the reasons of each group the one that most launches have."""
    counts = failed.groupby([*NAMES, "reason"], sort=False).size().sort_values(ascending=False, kind="stable")
    first: pd.Series[Any] = counts.rename("n").reset_index("reason").groupby(level=NAMES, sort=False)["reason"].first()
    return first


def _number(value: Any, least: float) -> float:
    """A finite number that is no less, or NaN: run.json is a file that anybody may have written."""
    return float(value) if type(value) in (int, float) and least <= value < 1e18 else float("nan")
