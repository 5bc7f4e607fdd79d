"""The fastest of several cells, and those that the launches at hand do not tell apart from it."""

from typing import Any

import numpy as np
import pandas as pd

from analysis.evidence import Evidence


def least(cells: pd.DataFrame, by: list[str], value: str = "ms") -> pd.DataFrame:
    """Of each group the row with the least `value`, with `near`: the index of every other row that it may equal.

    Rows may be equal when their 95 % intervals (`low_<value>`, `high_<value>`) overlap; of one without an interval,
    such as a single launch, nobody knows, so it may equal any. Rows without a value are left out.
    """
    best: list[int] = []
    near: list[list[int]] = []
    known = cells[cells[value].notna()]
    for _, group in known.groupby(by, sort=False) if by else [((), known)]:
        if len(group):
            least = int(group[value].to_numpy().argmin())
            reach = float(group[f"high_{value}"].to_numpy()[least])
            apart = group[f"low_{value}"].to_numpy() > (reach if reach == reach else np.inf)
            apart[least] = True
            best.append(group.index[least])
            near.append(list(group.index[~apart]))
    return cells.loc[best].assign(near=pd.Series(near, index=best, dtype=object))


def best_frameworks(evidence: Evidence) -> list[dict[str, Any]]:
    """For each run, device, network and precision the fastest framework, as `bench report --json` has it.

    Keys: `run_id`, `device`, `model`, `precision`, `framework`, `arm`, `ms` and `ci95_ms` (of the typical launch),
    `launches`, and `not_told_apart`: the frameworks whose intervals overlap with it.
    """
    cells = evidence.one_arm()
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
    return [float(low), float(high)] if low == low else None
