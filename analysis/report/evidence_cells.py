"""One row for each run, cell and arm: launches condensed, never those of two runs together (evidence.py)."""

from typing import Any

import pandas as pd

from analysis.data.fields import section
from analysis.report.energy_arms import ENERGIES, uncertainty_of
from analysis.report.stats.interval import typical

NAMES = ["run_id", "run", "cell", "device", "framework", "model", "precision", "arm"]
_COUNTS = ["launches", "failed", "samples"]
_CENTRES = {f"{figure}_ms": f"{figure}_ns" for figure in ("median", "p90", "p99", "load", "first")}
_BOUNDS = (("", "value"), ("low_", "low"), ("high_", "high"))
_NUMBERS = ["ms", "low_ms", "high_ms", *_CENTRES, "memory_bytes"]
_TYPES = (
    dict.fromkeys([*NAMES, "reason"], "object")
    | dict.fromkeys(_COUNTS, "int64")
    | dict.fromkeys(_NUMBERS, "float64")
    | {"printed": "bool"}
)
_ENERGY_TYPES = (
    dict.fromkeys([*NAMES, "scope", "meter_stated"], "object")
    | dict.fromkeys(["energy_launches", "energy_failed"], "float64")
    | {name: "float64" for energy in ENERGIES for name in (energy, uncertainty_of(energy))}
    | dict.fromkeys(["power_w", "idle_power_w", "temperature_c", "throttled"], "float64")
)
_FACTS = ("artifact_bytes", "image_bytes", "max_rel", "cosine", "top1", "params", "macs")


def measured(launches: pd.DataFrame) -> pd.DataFrame:
    """Of launches; empty, with all columns, where there is none."""
    if launches.empty:
        return pd.DataFrame(columns=list(_TYPES)).astype(_TYPES)
    good = launches["status"] == "ok"
    by = launches.assign(good=good, bad=~good).groupby(NAMES, sort=False)
    times = typical(launches, "median_ns", NAMES)
    frame = pd.DataFrame(
        {
            "launches": by["good"].sum(),
            "failed": by["bad"].sum(),
            "samples": by["n"].sum(),
            "reason": _most_frequent(launches.loc[~good]),
            **{name: by[source].median() / 1e6 for name, source in _CENTRES.items()},
            "memory_bytes": by["rss_peak_bytes"].max(),
            **{f"{prefix}ms": times[bound] / 1e6 for prefix, bound in _BOUNDS},
        },
        index=by.size().index,
    )
    return frame.reset_index().assign(printed=False)[list(_TYPES)].astype(_TYPES)


def printed(means: pd.DataFrame) -> pd.DataFrame:
    """Of what other programs printed: a time without launches, so without an interval."""
    times = means.groupby(NAMES, sort=False)["mean_ns"].median() / 1e6
    frame = times.rename("ms").reset_index().assign(printed=True, launches=0, failed=0, samples=0)
    return frame.reindex(columns=list(_TYPES)).astype(_TYPES)


def with_energy(cells: pd.DataFrame, arms: list[dict[str, Any]]) -> pd.DataFrame:
    """And what the energy pass says (energy_arms.py, with run_id and run); a cell that has nothing else gets a row."""
    counts = {"launches": "energy_launches", "failed": "energy_failed"}
    said = pd.DataFrame(arms).rename(columns=counts).reindex(columns=list(_ENERGY_TYPES)).astype(_ENERGY_TYPES)
    for name in ENERGIES:
        reach = said[uncertainty_of(name)]
        said = said.assign(**{f"low_{name}": said[name] - reach, f"high_{name}": said[name] + reach})
    whole = cells.merge(said, on=NAMES, how="outer")
    timed = whole["launches"].notna()
    nothing = {"reason": "not timed", "printed": False} | dict.fromkeys(_COUNTS, 0)
    return whole.assign(**{name: whole[name].where(timed, value) for name, value in nothing.items()}).astype(_TYPES)


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


def without_figures(cells: pd.DataFrame, where: "pd.Series[bool]", reason: str) -> pd.DataFrame:
    """The same, as if nothing had been measured in the rows `where`, and why."""
    figures = {str(name): cells[name].mask(where) for name in cells.select_dtypes("float64")}
    counts = {name: cells[name].mask(where, 0) for name in _COUNTS}
    return cells.assign(
        **figures, **counts, printed=cells["printed"] & ~where, reason=cells["reason"].mask(where, reason)
    )


def _most_frequent(failed: pd.DataFrame) -> "pd.Series[Any]":
    """Of the reasons of each group the one that most launches have."""
    counts = failed.groupby([*NAMES, "reason"], sort=False).size().sort_values(ascending=False, kind="stable")
    first: pd.Series[Any] = counts.rename("n").reset_index("reason").groupby(level=NAMES, sort=False)["reason"].first()
    return first


MOST = 1e18  # no quantity of a run is larger


def _number(value: Any, least: float) -> float:
    """A finite number that is no less, or NaN: run.json is a file that anybody may have written."""
    return float(value) if type(value) in (int, float) and least <= value < MOST else float("nan")
