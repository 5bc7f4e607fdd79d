"""From a run's lines to a data frame, one row a launch. What cannot be a measurement is marked, with line and reason.

Columns, with their units in the name; NaN or None where the launch does not say:

    launch, cell, device, framework, model, precision, arm   text
    block                                                    1, 2, ...
    status                                                   `ok` or `failed`
    reason, message                                          of a failed launch
    n                                                        timed inferences
    median_ns, p90_ns, p99_ns                                of those, linear between neighbours
    load_ns, first_ns, wall_ns                               loading, the first inference, the whole launch
    identity                                                 what comparable.py judges
    kernel                                                   what an arm is meant to change
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from analysis.comparable import identity, kernel_state
from bench.journal import Run

ARMS = ("container", "rootfs", "native")
DAY_NS = 24 * 3600 * 10**9  # no inference of this project takes a day: a larger number is damage
_TEXTS = ("launch", "cell", "device", "framework", "model", "precision", "arm", "status", "reason", "message")
_NUMBERS = ("median_ns", "p90_ns", "p99_ns", "load_ns", "first_ns", "wall_ns")
COLUMNS = (*_TEXTS, "block", "n", *_NUMBERS, "identity", "kernel")


@dataclass(frozen=True)
class Loaded:
    """The launches of a run, and everything that was left out or marked on the way."""

    launches: pd.DataFrame
    warnings: list[str]


def load(run: Run) -> Loaded:
    """Every launch of the run as a row. Never raises for what a journal says."""
    warnings = list(run.warnings)
    names = cell_names(run.facts)
    shared: dict[tuple[tuple[str, str], ...], dict[str, str]] = {}  # thousands of launches say the same
    rows = []
    for record in run.launches:
        row, wrong = _row(record, names)
        if wrong:
            warnings.append(f"journal.jsonl line {run.lines[record['launch']]}: {wrong}; the launch counts as failed")
        row["identity"] = shared.setdefault(tuple(row["identity"].items()), row["identity"])
        rows.append(row)
    frame = pd.DataFrame(rows, columns=list(COLUMNS))
    return Loaded(frame.astype(dict.fromkeys(_NUMBERS, "float64") | {"block": "int64", "n": "int64"}), warnings)


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
        "identity": identity(hello, loaded),
        "kernel": kernel_state(hello),
    }
    if record["status"] != "ok":
        return row | {"reason": row["reason"] or "unknown"}, None
    samples = record.get("samples")
    if wrong := wrong_samples(samples):
        return row | {"status": "failed", "reason": "damaged", "message": wrong}, wrong
    timings = np.asarray(samples, dtype=np.int64)
    median, p90, p99 = np.percentile(timings, (50, 90, 99))
    return row | {"n": timings.size, "median_ns": median, "p90_ns": p90, "p99_ns": p99}, None


def _split(cell: str) -> dict[str, str]:
    """The names in a cell's id, for a run.json that does not list it."""
    parts = [*cell.split("/", 3), "", "", "", ""]
    return dict(zip(("device", "framework", "model", "precision"), parts, strict=False))


def _text(value: Any) -> str | None:
    return None if value is None else str(value)[:2000]


def _duration(value: Any) -> float:
    return float(value) if type(value) is int and 0 < value < DAY_NS else float("nan")
