"""The best of several cells, and those that the launches at hand do not tell apart from it."""

from typing import Any

import numpy as np
import pandas as pd

from analysis.data.number_format import is_nan
from analysis.report.evidence import Evidence


def least(cells: pd.DataFrame, by: list[str], value: str = "ms") -> pd.DataFrame:
    """Of each group the row with the least value, with `near`: the index of every other row that it may equal.

    Rows may be equal when their intervals, `low_<value>` to `high_<value>`, overlap; of one without an interval, such
    as a single launch, nobody knows, so it may equal any. Rows without a value are left out.
    """
    groups: dict[tuple[Any, ...], list[tuple[Any, ...]]] = {}
    known = cells[cells[value].notna()]
    bounds = zip(known.index, *(known[name] for name in (value, f"low_{value}", f"high_{value}")), strict=True)
    for key, row in zip(zip(*(known[name] for name in by), strict=True), bounds, strict=True):
        groups.setdefault(key, []).append(row)
    best = [min(rows, key=lambda row: row[1]) for rows in groups.values()]
    near = [
        [at for at, _, low, _ in rows if at != first and not low > (reach if not is_nan(reach) else np.inf)]
        for rows, (first, _, _, reach) in zip(groups.values(), best, strict=True)
    ]
    chosen = [row[0] for row in best]
    return cells.loc[chosen].assign(near=pd.Series(near, index=chosen, dtype=object))


def may_equal(rows: pd.DataFrame, best: Any, value: str) -> list[Any]:
    """The index of every row that may be as low as `best`: its interval overlaps, or one of them has none."""
    reach = best[f"high_{value}"]
    apart = rows[f"low_{value}"] > (reach if not is_nan(reach) else np.inf)
    return list(rows.index[~apart])


def best_frameworks(evidence: Evidence) -> list[dict[str, Any]]:
    """For each run, device, network and precision the fastest framework, as `bench report --json` has it.

    Keys: `run_id`, `device`, `model`, `precision`, `framework`, `arm`, `ms` and `ci95_ms` (of the typical launch),
    `launches`, and `not_told_apart`: the frameworks whose intervals overlap with it.
    """
    cells = evidence.one_arm
    rows = least(cells[~cells["printed"]], ["run_id", "device", "model", "precision"])
    return [
        {
            **{name: row[name] for name in ("run_id", "device", "model", "precision", "framework", "arm", "ms")},
            "ci95_ms": interval(row, "ms"),
            "launches": int(row["launches"]),
            "not_told_apart": [str(cells.at[at, "framework"]) for at in row["near"]],
        }
        for row in rows.to_dict("records")
    ]


def interval(row: Any, value: str) -> list[float] | None:
    """[low, high] of a row, or None where there is none."""
    low, high = row[f"low_{value}"], row[f"high_{value}"]
    return [float(low), float(high)] if not is_nan(low) else None
