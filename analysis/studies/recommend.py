"""The fastest, the most frugal and the smallest choice to deploy a model under constraints, with evidence.

The result is one dictionary with stable keys, which `bench recommend --json` prints and the terminal shows.

    schema, model
    constraints      max_latency_ms, max_memory_bytes, precision, device: null where there is none
    fastest, frugal, smallest
                     null if no choice is left or the quantity to compare was not measured
      by             the compared quantity: `time`, `energy` (`memory` if no energy was measured) or `size`
      note           a limitation of this comparison, or null
      choice         see below
      not_told_apart[]  choices whose intervals overlap with its interval
    choices[]        all choices that meet the constraints, the fastest first
    left_out[]       cell, run_id, reason; cells that no comparison may use (comparable.py) come first

A choice: cell, device, framework, precision, arm, run_id, launches; ms and ci95_ms (the typical launch's median, its
95 % interval over launches), p99_ms; energy_j, energy_uncertainty_j, meter_stated, scope and energy_launches, as in
energy_arms.py; memory_bytes; artifact_bytes, image_bytes; doubts[]: the constraints that its estimate meets, but
its interval may exceed. Unknown values are null.
"""

from dataclasses import dataclass
from typing import Any

import pandas as pd

from analysis.data.comparable import FORCED
from analysis.data.number_format import is_nan, number
from analysis.report.best import interval, may_equal
from analysis.report.evidence import Evidence
from bench.core.errors import ConfigError
from bench.core.suggest import nearest

SCHEMA = 1
_NAMES = ("cell", "device", "framework", "precision", "arm", "run_id")
_FIGURES = (
    *("ms", "p99_ms", "energy_j", "energy_uncertainty_j", "energy_launches"),
    *("memory_bytes", "artifact_bytes", "image_bytes"),
)


@dataclass(frozen=True, kw_only=True)
class Wishes:
    """A model and the constraints of its deployment: time in ms, memory in bytes."""

    model: str
    max_latency_ms: float | None = None
    max_memory_bytes: float | None = None
    precision: str | None = None
    device: str | None = None


def recommend(evidence: Evidence, wishes: Wishes) -> dict[str, Any]:
    """Return the dictionary described above. Raises ConfigError if no run has the model, precision or device."""
    cells = evidence.one_arm
    for column in ("model", "precision", "device"):
        wanted = getattr(wishes, column)
        if wanted is not None:
            _known(column, wanted, cells[column])
            cells = cells[cells[column] == wanted]
    judged = {index: _judge(row, wishes) for index, row in cells.to_dict("index").items()}
    left_out = [
        {"cell": cells.at[index, "cell"], "run_id": cells.at[index, "run_id"], "reason": reason}
        for index, (reason, _) in judged.items()
        if reason
    ]
    left_out.sort(key=lambda entry: entry["reason"] != FORCED)
    kept = cells.loc[[index for index, (reason, _) in judged.items() if not reason]]
    doubts = pd.Series([judged[index][1] for index in kept.index], index=kept.index, dtype=object)
    kept = kept.assign(doubts=doubts).sort_values("ms", kind="stable")
    return {
        "schema": SCHEMA,
        "model": wishes.model,
        "constraints": {name: value for name, value in vars(wishes).items() if name != "model"},
        "fastest": _pick(kept, "time", "ms"),
        "frugal": _frugal(kept),
        "smallest": _smallest(kept),
        "choices": [_choice(row) for row in kept.to_dict("records")],
        "left_out": left_out,
    }


def _known(column: str, wanted: str, there: "pd.Series[str]") -> None:
    if not (there == wanted).any():
        raise ConfigError(
            f"no run here has the {column} '{wanted}': {nearest(wanted, set(there))}", "--run names the runs to look at"
        )


def _judge(row: Any, wishes: Wishes) -> tuple[str | None, list[str]]:
    """Return the reason to leave the cell out, or None, and the constraints that it may miss."""
    if row["reason"] == FORCED:
        return FORCED, []
    if is_nan(row["ms"]):
        return f"it failed: {row['reason']}", []
    if row["printed"]:
        return "its time is a mean that another program printed: nobody knows how sure it is", []
    too_slow, doubts = _judge_latency(row, wishes)
    reason = too_slow or _judge_memory(row, wishes)
    return reason, [] if reason else doubts


def _judge_latency(row: Any, wishes: Wishes) -> tuple[str | None, list[str]]:
    """Return why the cell is too slow, or None, and how it may be too slow."""
    doubts = []
    if (most := wishes.max_latency_ms) is not None:
        low, high = interval(row, "ms") or (row["ms"], row["ms"])
        said = f"{number(row['ms'])} ms [{number(low)}, {number(high)}]"
        if row["ms"] > most:
            return f"{said} is above {number(most)} ms", []
        if high > most:
            doubts.append(f"{said} may be above {number(most)} ms")
        if row["p99_ms"] > most:
            doubts.append(f"its p99 of {number(row['p99_ms'])} ms is above {number(most)} ms")
    return None, doubts


def _judge_memory(row: Any, wishes: Wishes) -> str | None:
    """Return why the cell takes too much memory, or None."""
    most = wishes.max_memory_bytes
    if most is None:
        return None
    if is_nan(row["memory_bytes"]):
        return "its memory was not recorded"
    if row["memory_bytes"] > most:
        return f"{megabytes(row['memory_bytes'])} of memory is above {megabytes(most)}"
    return None


def _pick(kept: pd.DataFrame, by: str, value: str, note: str | None = None) -> dict[str, Any] | None:
    """Return the least choice. Choices without doubts are preferred; those not told apart from it may have doubts."""
    known = kept[kept[value].notna()]
    sure = known[~known["doubts"].map(bool)]
    pool = sure if len(sure) else known
    if pool.empty:
        return None
    best = pool.index[int(pool[value].to_numpy().argmin())]
    near = [at for at in may_equal(known, known.loc[best], value) if at != best]
    others = [_choice(row) for row in known.loc[near].to_dict("records")]
    return {"by": by, "note": note, "choice": _choice(known.loc[best]), "not_told_apart": others}


def _frugal(kept: pd.DataFrame) -> dict[str, Any] | None:
    """Compare by energy of the scope that most choices have: numbers of two scopes are not comparable."""
    scopes = kept.loc[kept["energy_j"].notna(), "scope"].value_counts()
    if len(scopes):
        judged = kept[kept["energy_j"].notna() & (kept["scope"] == scopes.index[0])]
        without = len(kept) - len(judged)
        note = f"{without} of {len(kept)} choices have no energy of the {scopes.index[0]} and are not judged"
        return _pick(judged, "energy", "energy_j", note if without else None)
    exact = kept.assign(low_memory_bytes=kept["memory_bytes"], high_memory_bytes=kept["memory_bytes"])
    return _pick(exact, "memory", "memory_bytes", "no energy was measured: the least peak memory stands for it")


def _smallest(kept: pd.DataFrame) -> dict[str, Any] | None:
    """Compare by the sizes of model and image together, or by the model alone if no image's size is known."""
    sizes, note = kept["artifact_bytes"] + kept["image_bytes"], None
    if kept["image_bytes"].isna().all():
        sizes, note = kept["artifact_bytes"], "no image was used, so this is the model's file alone"
    elif sizes.isna().any():
        note = f"{int(sizes.isna().sum())} of {len(kept)} choices have no size and are not judged"
    return _pick(kept.assign(size=sizes, low_size=sizes, high_size=sizes), "size", "size", note)


def _choice(row: Any) -> dict[str, Any]:
    figures = {name: None if row[name] != row[name] else float(row[name]) for name in _FIGURES}
    return {
        **{name: row[name] for name in _NAMES},
        "launches": int(row["launches"]),
        **figures,
        "ci95_ms": interval(row, "ms"),
        **{name: None if row[name] != row[name] else row[name] for name in ("scope", "meter_stated")},
        "doubts": row["doubts"],
    }


def megabytes(size: float) -> str:
    """Return `214 MB` for a size in bytes (1 MB is 10^6 bytes)."""
    return f"{number(size / 1e6)} MB"
