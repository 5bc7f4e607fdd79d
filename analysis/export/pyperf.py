"""A run as JSON for pyperf (format 1.0), readable by `python -m pyperf stats FILE` and its library.

A pyperf benchmark is a cell in an arm; a pyperf run is a launch. Times are in seconds. Each launch gives one value, its
median, because pyperf treats all values of a benchmark as independent, which the times of one process are not
(docs/method.md). With `samples`, all times and the warm-up are written; pyperf keeps the warm-up apart.
"""

from datetime import datetime
from typing import Any

import pandas as pd

from analysis.data.fields import is_duration, section
from analysis.data.launches import Loaded
from analysis.data.samples import wrong_samples
from bench.core.terminal import printable
from bench.journal.journal import Run

VERSION = "1.0"


def pyperf(run: Run, loaded: Loaded, *, samples: bool = False) -> dict[str, Any]:
    """Return the suite. Raises ValueError if no launch has a number: a pyperf file needs a value."""
    good = loaded.launches[loaded.launches["status"] == "ok"]
    if good.empty:
        raise ValueError("no launch has a number")
    said = {record["launch"]: record for record in run.launches}
    benchmarks = []
    for (cell, arm), rows in good.groupby(["cell", "arm"], sort=False):
        runs = [_run(said[name], ns, samples) for name, ns in zip(rows["launch"], rows["median_ns"], strict=True)]
        benchmarks.append({"metadata": _metadata({"name": f"{cell}/{arm}", **_facts(rows)}), "runs": runs})
    host = section(run.facts, "host")
    suite = {
        "unit": "second",
        "edgebench_run": run.facts["run_id"],
        "edgebench_value": "every inference" if samples else "median of a launch",
        "cpu_model_name": host.get("cpu_model"),
        "platform": host.get("kernel"),
        "cpu_count": host.get("cpus"),
    }
    return {"version": VERSION, "metadata": _metadata(suite), "benchmarks": benchmarks}


def _run(record: dict[str, Any], median_ns: float, samples: bool) -> dict[str, Any]:
    memory = section(record, "memory").get("rss_peak_bytes")
    wall = record.get("wall_ns")
    metadata = {
        "duration": wall / 1e9 if is_duration(wall) else None,
        "date": _date(record.get("started")),
        "mem_max_rss": memory if type(memory) is int and memory >= 1 else None,
        "edgebench_launch": record["launch"],
    }
    said: dict[str, Any] = {"metadata": _metadata(metadata), "values": [median_ns / 1e9]}
    if samples:
        said["values"] = [ns / 1e9 for ns in record["samples"]]
        warmup = record.get("warmup")
        if isinstance(warmup, list) and not wrong_samples(warmup):
            said["warmups"] = [[1, ns / 1e9] for ns in warmup]
    return said


def _facts(rows: pd.DataFrame) -> dict[str, Any]:
    return {f"edgebench_{name}": rows[name].iloc[0] for name in ("device", "framework", "model", "precision", "arm")}


def _date(text: Any) -> str | None:
    """Return the date as text. pyperf fails on a date that `fromisoformat` cannot read, or cannot add durations to."""
    try:
        return datetime.fromisoformat(text).isoformat() if isinstance(text, str) else None
    except ValueError:
        return None


def _metadata(said: dict[str, Any]) -> dict[str, Any]:
    """Keep the values that pyperf accepts: numbers and non-empty texts of one line."""
    plain = {}
    for name, value in said.items():
        if isinstance(value, str):
            value = printable(value).strip()
        if value not in (None, "") and isinstance(value, str | int | float):
            plain[name] = value
    return plain
