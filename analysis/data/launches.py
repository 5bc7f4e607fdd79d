"""From a run's lines to a data frame, one row a launch. What cannot be a measurement is marked, with line and reason.

Columns, with their units in the name; NaN or None where the launch does not say:

    launch, cell, device, framework, model, precision, arm   text
    block                                                    1, 2, ...
    status                                                   `ok` or `failed`
    reason, message                                          of a failed launch
    n                                                        timed inferences
    median_ns, p90_ns, p99_ns                                of those, linear between neighbours
    load_ns, first_ns, wall_ns                               loading, the first inference, the whole launch
    rss_peak_bytes, cgroup_peak_bytes                        the most memory of the process, and of its cgroup
    flags                                                    what the host did to it, as bench/hosts/monitor.py has it
    phases                                                   phase → ns (phases.py)
    identity                                                 what comparable.py judges
    kernel                                                   what an arm is meant to change

What another program printed as the mean of a whole script (imports.py) is no launch, and has a frame of its own:

    cell, device, framework, model, precision, arm           text
    mean_ns                                                  the mean
    inferences                                               how many it is of; 0 where nobody said

The energy pass has a frame of its own, too: its columns, `energy_j` among them, are listed in energy.py.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from analysis.data.comparable import identity, kernel_state
from analysis.data.energy import energy_frame, energy_of
from analysis.data.fields import duration, section, size, text
from analysis.data.phases import phases
from analysis.data.samples import quantiles, wrong_samples
from bench.core.matrix.arm_names import ABLATION_NAMES, ARMS
from bench.journal import reader
from bench.journal.journal import Run
from bench.journal.reader import JOURNAL, MEAN

_TEXTS = ("launch", "cell", "device", "framework", "model", "precision", "arm", "status", "reason", "message")
_MEMORY = ("rss_peak_bytes", "cgroup_peak_bytes")
_NUMBERS = ("median_ns", "p90_ns", "p99_ns", "load_ns", "first_ns", "wall_ns", *_MEMORY)
COLUMNS = (*_TEXTS, "block", "n", *_NUMBERS, "flags", "phases", "identity", "kernel")
Launch = dict[Any, Any]  # one row: of many cells a frame each would take most of a report's time
MEAN_COLUMNS = ("cell", "device", "framework", "model", "precision", "arm", "mean_ns", "inferences")


@dataclass(frozen=True)
class Loaded:
    """The launches of a run, and everything that was left out or marked on the way."""

    launches: pd.DataFrame
    warnings: list[str]
    means: pd.DataFrame = field(default_factory=lambda: mean_frame([]))
    energy: pd.DataFrame = field(default_factory=lambda: energy_frame([]))


def load(run: Run) -> Loaded:
    """Every launch of the run as a row. Never raises for what a journal says."""
    warnings = list(run.warnings)
    names = cell_names(run.facts)
    shared: dict[tuple[tuple[str, str], ...], dict[str, str]] = {}  # thousands of launches say the same
    rows, means = [], []
    with reader.paused():
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
    energy, without = energy_of(run.energy, section(run.facts, "sensors"), lambda cell: named(cell, names))
    return Loaded(launch_frame(rows), warnings + without, mean_frame(means), energy)


def launch_frame(rows: list[dict[str, Any]]) -> pd.DataFrame:
    """Launches with the columns and types above; none of them without rows."""
    frame = pd.DataFrame(rows, columns=list(COLUMNS))
    return frame.astype(dict.fromkeys(_NUMBERS, "float64") | {"block": "int64", "n": "int64"})


def good(launches: Iterable[Launch]) -> list[Launch]:
    """Those with a number."""
    return [launch for launch in launches if launch["status"] == "ok"]


def mean_frame(rows: list[dict[str, Any]]) -> pd.DataFrame:
    """Printed means, likewise."""
    return pd.DataFrame(rows, columns=list(MEAN_COLUMNS)).astype({"mean_ns": "float64", "inferences": "int64"})


def arms_in_order(arms: set[str]) -> list[str]:
    """The three arms of the design first, then ablations, others behind."""
    known = (*ARMS, *ABLATION_NAMES)
    return [arm for arm in known if arm in arms] + sorted(arms - set(known))


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


def flags_of(record: dict[str, Any]) -> list[str]:
    """What the host did to a launch; nothing where it was not watched."""
    flags = section(record, "host_window").get("flags")
    return [str(flag)[:40] for flag in flags] if isinstance(flags, list) else []


def named(cell: str, names: dict[str, dict[str, str]]) -> dict[str, str]:
    """The names of a cell; those in its id, where run.json does not list it."""
    parts = [*cell.split("/", 3), "", "", "", ""]
    return names.get(cell) or dict(zip(("device", "framework", "model", "precision"), parts, strict=False))


def _row(record: dict[str, Any], names: dict[str, dict[str, str]]) -> tuple[dict[str, Any], str | None]:
    hello, loaded = section(record, "hello"), section(record, "loaded")
    row = {
        **{key: record[key] for key in ("launch", "cell", "arm", "block", "status")},
        **named(record["cell"], names),
        "reason": text(record.get("reason")),
        "message": text(record.get("message")),
        "n": 0,
        "load_ns": duration(loaded.get("load_ns")),
        "first_ns": duration(loaded.get("first_ns")),
        "wall_ns": duration(record.get("wall_ns")),
        **{name: size(section(record, "memory").get(name)) for name in _MEMORY},
        "flags": flags_of(record),
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
        **named(record["cell"], names),
        "mean_ns": duration(mean.get("ns")),
        "inferences": inferences if type(inferences) is int and 0 < inferences < 2**31 else 0,
    }
    return row, None if row["mean_ns"] > 0 else "it has no mean"


def _no_launch(mean: dict[str, Any]) -> str:
    of = f"{mean['inferences']} inferences" if mean["inferences"] else "an unknown number of inferences"
    said = f"{mean['mean_ns'] / 1e6:,.2f} ms is a mean of {of} that a script printed"
    return f"{mean['cell']}: {said}: no launch, so no interval and no verdict"
