"""From a run's lines to a data frame, one row a launch. What cannot be a measurement is marked, with line and reason.

Columns, with their units in the name; NaN or None where the launch does not say:

    launch, cell, device, framework, model, precision, arm   text
    block                                                    1, 2, ...
    status                                                   `ok` or `failed`
    reason, message                                          of a failed launch
    n                                                        timed inferences
    median_ns, p90_ns, p99_ns                                of those, linear between neighbours
    load_ns, first_ns, wall_ns                               loading, the first inference, the whole launch
    rss_peak_bytes                                           the most memory of the process
    energy_j, power_w, temperature_c                         per inference, while it infers, at its end (see `sensed`)
    phases                                                   phase → ns (phases.py)
    identity                                                 what comparable.py judges
    kernel                                                   what an arm is meant to change

What another program printed as the mean of a whole script (imports.py) is no launch, and has a frame of its own:

    cell, device, framework, model, precision, arm           text
    mean_ns                                                  the mean
    inferences                                               how many it is of; 0 where nobody said
"""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analysis.comparable import identity, kernel_state
from analysis.phases import phases
from bench import collector
from bench.journal import Run
from bench.journal_reader import JOURNAL, MEAN

ARMS = ("container", "rootfs", "native")
DAY_NS = 24 * 3600 * 10**9  # no inference of this project takes a day: a larger number is damage
_TEXTS = ("launch", "cell", "device", "framework", "model", "precision", "arm", "status", "reason", "message")
# Column of what sensors say → what it must lie between: below and above no board of this kind has a reading.
SENSED = {"energy_j": (0.0, 1e6), "power_w": (0.0, 1e5), "temperature_c": (-60.0, 300.0)}
_NUMBERS = ("median_ns", "p90_ns", "p99_ns", "load_ns", "first_ns", "wall_ns", "rss_peak_bytes", *SENSED)
COLUMNS = (*_TEXTS, "block", "n", *_NUMBERS, "phases", "identity", "kernel")
MEAN_COLUMNS = ("cell", "device", "framework", "model", "precision", "arm", "mean_ns", "inferences")


@dataclass(frozen=True)
class Loaded:
    """The launches of a run, and everything that was left out or marked on the way."""

    launches: pd.DataFrame
    warnings: list[str]
    means: pd.DataFrame = field(default_factory=lambda: mean_frame([]))


def load(run: Run) -> Loaded:
    """Every launch of the run as a row. Never raises for what a journal says."""
    warnings = list(run.warnings)
    names = cell_names(run.facts)
    shared: dict[tuple[tuple[str, str], ...], dict[str, str]] = {}  # thousands of launches say the same
    rows, means = [], []
    with collector.paused():
        for record in run.launches:
            row, wrong = _mean(record, names) if record["status"] == MEAN else _row(record, names)
            if wrong:
                so = "the line is left out" if record["status"] == MEAN else "the launch counts as failed"
                warnings.append(f"{JOURNAL} line {run.lines[record['launch']]}: {wrong}; {so}")
            if record["status"] != MEAN:
                row["identity"] = shared.setdefault(tuple(row["identity"].items()), row["identity"])
                rows.append(row)
            elif not wrong:
                means.append(row)
    warnings += map(_no_launch, means)
    return Loaded(launch_frame(rows), warnings, mean_frame(means))


def launch_frame(rows: list[dict[str, Any]]) -> pd.DataFrame:
    """Launches with the columns and types above; none of them without rows."""
    frame = pd.DataFrame(rows, columns=list(COLUMNS))
    return frame.astype(dict.fromkeys(_NUMBERS, "float64") | {"block": "int64", "n": "int64"})


def mean_frame(rows: list[dict[str, Any]]) -> pd.DataFrame:
    """Printed means, likewise."""
    return pd.DataFrame(rows, columns=list(MEAN_COLUMNS)).astype({"mean_ns": "float64", "inferences": "int64"})


def section(facts: Any, name: str) -> dict[str, Any]:
    """A part of run.json that should be an object; empty where it is not one."""
    part = facts.get(name) if isinstance(facts, dict) else None
    return part if isinstance(part, dict) else {}


def cell_names(facts: dict[str, Any]) -> dict[str, dict[str, str]]:
    """Cell → its `device`, `framework`, `model`, `precision`, in the order of the plan."""
    plan = section(facts, "plan")
    cells = plan.get("cells")
    return {
        cell["cell"]: {
            "device": str(plan.get("device", "")),
            **{key: str(cell.get(key, "")) for key in ("framework", "model", "precision")},
        }
        for cell in (cells if isinstance(cells, list) else [])
        if isinstance(cell, dict) and isinstance(cell.get("cell"), str)
    }


def wrong_samples(samples: Any) -> str | None:
    """Why this is not a list of timings in ns, or None: integers above 0 and below a day."""
    if not isinstance(samples, list) or not samples:
        return "it has no samples"
    if set(map(type, samples)) != {int}:  # refuses true, 1.5, NaN and "1" alike, at the speed of C
        index, odd = next((i, x) for i, x in enumerate(samples) if type(x) is not int)
        return f"sample {index} is {odd!r:.40}, not an integer"
    if min(samples) <= 0 or max(samples) >= DAY_NS:
        index = next(i for i, x in enumerate(samples) if not 0 < x < DAY_NS)
        return f"sample {index} is not between 0 and a day"
    return None


def sensed(record: dict[str, Any]) -> dict[str, float]:
    """What sensors said during a launch, from its `energy`; NaN where nothing was measured, or nonsense.

    `energy_j` is the energy of one inference in J, idle power included, `power_w` the mean power while inferring,
    `temperature_c` that of the chip or its heatsink at the end.
    """
    said = section(record, "energy")
    return {name: _between(said.get(name), *bounds) for name, bounds in SENSED.items()}


def quantiles(timings: NDArray[np.int64]) -> list[float]:
    """Median, 90 % and 99 % quantile, linear between neighbours: to the bit what `np.percentile` says.

    That takes 0.1 ms to get ready, which is most of loading when it is done for every launch.
    """
    ordered = np.sort(timings)
    last = len(ordered) - 1
    found = []
    for part in (0.5, 0.9, 0.99):
        position = last * part
        index = int(position)
        low, high, weight = int(ordered[index]), int(ordered[min(index + 1, last)]), position - index
        step = high - low
        found.append(low + step * weight if weight < 0.5 else high - step * (1 - weight))  # exact at either end
    return found


def _row(record: dict[str, Any], names: dict[str, dict[str, str]]) -> tuple[dict[str, Any], str | None]:
    hello, loaded = section(record, "hello"), section(record, "loaded")
    row = {
        **{key: record[key] for key in ("launch", "cell", "arm", "block", "status")},
        **(names.get(record["cell"]) or _split(record["cell"])),
        "reason": _text(record.get("reason")),
        "message": _text(record.get("message")),
        "n": 0,
        "load_ns": _duration(loaded.get("load_ns")),
        "first_ns": _duration(loaded.get("first_ns")),
        "wall_ns": _duration(record.get("wall_ns")),
        "rss_peak_bytes": _size(section(record, "memory").get("rss_peak_bytes")),
        **(sensed(record) if record["status"] == "ok" else {}),
        "phases": phases(record),
        "identity": identity(hello, loaded),
        "kernel": kernel_state(hello),
    }
    if record["status"] != "ok":
        return row | {"reason": row["reason"] or "unknown"}, None
    samples = record.get("samples")
    if wrong := wrong_samples(samples):
        return row | {"status": "failed", "reason": "damaged", "message": wrong}, wrong
    timings = np.asarray(samples, dtype=np.int64)
    median, p90, p99 = quantiles(timings)
    return row | {"n": timings.size, "median_ns": median, "p90_ns": p90, "p99_ns": p99}, None


def _mean(record: dict[str, Any], names: dict[str, dict[str, str]]) -> tuple[dict[str, Any], str | None]:
    mean = section(record, "mean")
    inferences = mean.get("inferences")
    row = {
        **{key: record[key] for key in ("cell", "arm")},
        **(names.get(record["cell"]) or _split(record["cell"])),
        "mean_ns": _duration(mean.get("ns")),
        "inferences": inferences if type(inferences) is int and 0 < inferences < 2**31 else 0,
    }
    return row, None if row["mean_ns"] > 0 else "it has no mean"


def _no_launch(mean: dict[str, Any]) -> str:
    of = f"{mean['inferences']} inferences" if mean["inferences"] else "an unknown number of inferences"
    said = f"{mean['mean_ns'] / 1e6:,.2f} ms is a mean of {of} that a script printed"
    return f"{mean['cell']}: {said}: no launch, so no interval and no verdict"


def _split(cell: str) -> dict[str, str]:
    """The names in a cell's id, for a run.json that does not list it."""
    parts = [*cell.split("/", 3), "", "", "", ""]
    return dict(zip(("device", "framework", "model", "precision"), parts, strict=False))


def _text(value: Any) -> str | None:
    return None if value is None else str(value)[:2000]


def _between(value: Any, low: float, high: float) -> float:
    return float(value) if type(value) in (int, float) and low < value < high else float("nan")


def _size(value: Any) -> float:
    return float(value) if type(value) is int and 0 < value < 2**62 else float("nan")


def _duration(value: Any) -> float:
    return float(value) if type(value) is int and 0 < value < DAY_NS else float("nan")
