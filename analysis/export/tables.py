"""A run as tidy tables with one row per launch or per sample, in CSV or Parquet (columns: docs/results.md)."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from analysis.data.fields import section, text
from analysis.data.launches import Loaded, flags_of
from analysis.data.samples import wrong_samples
from bench.journal.journal import Run

_NAMES = ("launch", "device", "framework", "model", "precision", "arm")
# A spreadsheet reads texts with these first characters as formulas; a quote in front prevents that.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def launch_table(run: Run, loaded: Loaded) -> pd.DataFrame:
    """Return one row per launch, timed or of the energy pass, including launches without a number.

    Times in ns and sizes in bytes are whole numbers or missing.
    """
    said = {record["launch"]: record for record in (*run.launches, *run.energy)}
    rows, energy = _rows(loaded)
    records = [said[name] for name in rows["launch"]]
    table = pd.DataFrame({"run_id": run.facts["run_id"], **{name: rows[name] for name in (*_NAMES, "block", "part")}})
    table["attempt"] = _whole(records, "attempt")
    table["started_utc"] = [text(record.get("started")) for record in records]
    table["ended_utc"] = [text(record.get("ended")) for record in records]
    for name in ("status", "reason", "message"):
        table[name] = rows[name]
    table["samples"] = rows["n"]
    for name in ("median_ns", "p90_ns", "p99_ns"):
        table[name] = rows[name]
    for name in ("load_ns", "first_ns", "wall_ns"):
        table[name] = rows[name].astype("Int64")
    for name in ("rss_peak_bytes", "cgroup_peak_bytes"):
        table[name] = _whole([section(record, "memory") for record in records], name)
    table["flags"] = [" ".join(flags) or None for flags in map(flags_of, records)]
    table["threads"] = _whole([section(record, "hello") for record in records], "threads")
    table["packages"] = [_packages(section(record, "hello").get("versions")) for record in records]
    table["artifact_sha256"] = [text(section(record, "loaded").get("artifact_sha256")) for record in records]
    images = section(run.facts, "images")
    table["image_digest"] = [text(section(images, name).get("digest")) for name in rows["framework"]]
    for name in ("cpu_model", "kernel"):
        table[name] = text(section(run.facts, "host").get(name))
    for name in energy:
        table[name] = rows[name]
    return table


def _rows(loaded: Loaded) -> tuple[pd.DataFrame, list[str]]:
    """Return timed launches, then those of the energy pass, and the columns that only the latter have.

    The time of an inference while sensors are read is not its latency, so its column has another name.
    """
    energy = loaded.energy.rename(columns={"median_ns": "window_median_ns"}).assign(n=0)
    own = [str(name) for name in energy if name not in loaded.launches]
    kinds = {"timing": loaded.launches, "energy": energy}
    parts = [frame.assign(part=part).astype(object) for part, frame in kinds.items()]
    whole = pd.concat(parts, ignore_index=True)
    types = {**energy.dtypes, "inferences": "Int64", "throttled": "boolean", "scope": "string", "meter": "string"}
    return whole.astype({**types, **loaded.launches.dtypes}), own


def sample_table(run: Run, loaded: Loaded) -> pd.DataFrame:
    """Return one row per timed or warm-up inference of the launches with a number, in the order of execution.

    Names are categories: ten million rows of text would not fit in memory.
    """
    good = loaded.launches[loaded.launches["status"] == "ok"].reset_index(drop=True)
    good["run_id"] = run.facts["run_id"]
    said = {record["launch"]: record for record in run.launches}
    parts = [(said[name], kind) for name in good["launch"] for kind in ("warmup", "samples")]
    times = [_times(record.get(kind)) for record, kind in parts]
    counts = np.array([len(part) for part in times], dtype=np.int64)
    which = np.repeat(np.arange(len(parts)) // 2, counts)
    table = pd.DataFrame({"run_id": _category(good["run_id"], which)})
    for name in _NAMES:
        table[name] = _category(good[name], which)
    table["block"] = good["block"].to_numpy()[which]
    table["warmup"] = np.repeat([kind == "warmup" for _, kind in parts], counts)
    ends = np.cumsum(counts)
    table["sample"] = np.arange(len(which)) - np.repeat(ends - counts, counts) + 1
    table["time_ns"] = np.concatenate([np.empty(0, np.int64), *times])
    return table


def write_csv(table: pd.DataFrame, path: Path) -> None:
    """Write UTF-8 with a header line; missing values are empty. Raises OSError.

    Texts come from journals, so a text that a spreadsheet would read as a formula gets a quote in front.
    """
    guarded = {name: _guarded(table[name]) for name in table.columns if not pd.api.types.is_numeric_dtype(table[name])}
    table.assign(**guarded).to_csv(path, index=False, lineterminator="\n")


def write_parquet(table: pd.DataFrame, path: Path) -> None:
    """Write columns with their types, missing values as nulls. Raises OSError."""
    table.to_parquet(path, index=False, engine="pyarrow")


def _guarded(column: "pd.Series[Any]") -> "pd.Series[Any]":
    return column.map(_guard, na_action="ignore")


def _guard(text: Any) -> str:
    return f"'{text}" if str(text).startswith(_FORMULA) else str(text)


def _times(values: Any) -> np.ndarray[Any, np.dtype[np.int64]]:
    """Return times in ns, or none if they are damaged: launches.py checks samples, but not the warm-up."""
    return np.array([] if wrong_samples(values) else values, dtype=np.int64)


def _category(column: "pd.Series[str]", which: np.ndarray[Any, np.dtype[np.int64]]) -> Any:
    return column.astype("category").array[which]


def _whole(parts: list[dict[str, Any]], key: str) -> "pd.Series[Any]":
    values = [part.get(key) for part in parts]
    whole = [value if type(value) is int and 0 <= value < 2**62 else None for value in values]
    return pd.Series(whole, dtype="Int64")


def _packages(versions: Any) -> str | None:
    if not isinstance(versions, Mapping):
        return None
    return ", ".join(f"{name} {version}" for name, version in versions.items())
