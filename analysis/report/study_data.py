"""The one table that every study makes, a row a value, whoever's it is.

    whose          `paper` or `run`
    source, run    the paper's table or figure, or the run's id; a short name of the run where there are several
    device, framework, model, precision, arm
                   this project's names; empty where nothing says
    quantity, unit
    value          NaN where there is none: `outcome` says why
    low, high      NaN where nobody knows
    interval       what lies between them: `95 % over launches`; `reading error` of a value read off a figure; of an
                   energy its uncertainty, about 95 %, with or without the meter's limits (energy_arms.py)
    launches       how many it is of; missing for the paper, which does not say
    outcome        `ok`, or why there is no value
    note           what else matters

Studies add columns of their own behind these, such as `baseline`, and `scope`: what an energy or a power is of.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import altair as alt
import numpy as np
import pandas as pd

from analysis.data import reference
from analysis.data.number_format import is_nan, number, plus_minus
from bench.core.terminal import short

NAMES = ("device", "framework", "model", "precision", "arm")
COLUMNS = (
    *("whose", "source", "run", *NAMES, "quantity", "unit"),
    *("value", "low", "high", "interval", "launches", "outcome", "note"),
)
OVER_LAUNCHES, READING = "95 % over launches", "reading error"
UNCERTAINTY = "uncertainty, about 95 %"
AT_LEAST = f"{UNCERTAINTY}, without the meter's limits: its vendor states none"
TOLD = (*NAMES, "baseline", "phase", "scope", "verdict")  # columns that say which value a row is
Figure = alt.Chart | alt.LayerChart | alt.FacetChart | alt.VConcatChart | alt.HConcatChart


@dataclass(frozen=True)
class Answer:
    """What a study found. `caption` says what to see in the figure, and what not to conclude.

    `left_out`, which the caption names too: cells that no comparison counts, as `cell`, `run_id` and `reason`.
    """

    table: pd.DataFrame
    figure: Figure
    caption: str
    left_out: Sequence[dict[str, str]] = ()


def paper(name: str, **where: Any) -> pd.DataFrame:
    """Rows of a table of reference data (docs/reference.md) where these columns have these values, or one of a list."""
    rows = reference.load(name)
    for column, wanted in where.items():
        rows = rows[rows[column].isin([wanted] if isinstance(wanted, str) else list(wanted))]
    bounded = rows["error"].notna()
    made = rows.assign(
        whose="paper",
        run="",
        low=rows["value"] - rows["error"],
        high=rows["value"] + rows["error"],
        interval=np.where(bounded, READING, ""),
        launches=pd.Series(pd.NA, index=rows.index, dtype="Int64"),
    )
    extra = [column for column in rows.columns if column not in (*COLUMNS, "error", "how")]
    return made[[*COLUMNS, *extra]].reset_index(drop=True)


def runs(cells: pd.DataFrame, quantity: str, unit: str, value: str, *, times: float = 1.0) -> pd.DataFrame:
    """Rows of evidence (`Evidence.cells`): column `value` with its bounds `low_<value>` and `high_<value>`, if any.

    `times` takes the column to the unit.
    """
    nothing = pd.Series(np.nan, index=cells.index)
    low, high = (times * cells.get(f"{bound}_{value}", nothing) for bound in ("low", "high"))
    made = cells.assign(
        whose="run",
        source=cells["run_id"],
        quantity=quantity,
        unit=unit,
        value=times * cells[value],
        low=low,
        high=high,
        interval=np.where(low.notna(), OVER_LAUNCHES, ""),
        launches=cells["launches"].astype("Int64"),
        outcome=np.where(cells[value].notna(), "ok", cells["reason"].fillna("not measured")),
        note=np.where(cells["printed"], "a mean that another program printed: no launches, no interval", ""),
    )
    return made[list(COLUMNS)].reset_index(drop=True)


def sensed(cells: pd.DataFrame, quantity: str, unit: str, value: str, *, times: float = 1.0) -> pd.DataFrame:
    """The same of what the energy pass says of them (energy_arms.py), with its `scope`; of those with a number."""
    cells = cells[cells[value].notna()]
    made = runs(cells.assign(launches=cells["energy_launches"]), quantity, unit, value, times=times)
    interval = uncertainty(cells).where(made["low"].notna().to_numpy(), "")
    return made.assign(interval=interval.to_numpy(), note="", scope=cells["scope"].to_numpy())


def uncertainty(cells: pd.DataFrame) -> "pd.Series[str]":
    """What the ± of each energy holds."""
    return cells["meter_stated"].map({True: UNCERTAINTY, False: AT_LEAST}).fillna("")


def together(*frames: pd.DataFrame) -> pd.DataFrame:
    """One table, `launches` as whole numbers or missing."""
    filled = [frame.astype({"launches": "Int64"}) for frame in frames if len(frame)]
    return pd.concat(filled, ignore_index=True) if filled else pd.DataFrame(columns=list(COLUMNS))


def labelled(table: pd.DataFrame, *names: str) -> "pd.Series[str]":
    """What to write beside a bar: the named columns, and whose it is: `host, onnxruntime · run a1b2c3`."""
    columns = [table[name].fillna("").astype(str) for name in names]
    texts = [", ".join(filter(None, row)) for row in zip(*columns, strict=True)]
    whose = (table["whose"] + " " + table["run"].fillna("")).str.strip()
    named = [f"{short(text)} · {who}" if text else who for text, who in zip(texts, whose, strict=True)]
    return pd.Series(named, index=table.index, dtype=object)


def in_order(names: "pd.Series[str]") -> "pd.Series[int]":
    """Number the names as they first appear, for sorting by that."""
    return pd.Series(pd.factorize(names)[0], index=names.index)


def shown(table: pd.DataFrame) -> list[str]:
    """Each row in words: `12.1 ms [11.9, 12.3]`, `11.4 ± 0.3 mJ`, or why there is no number."""
    columns = (table[name] for name in ("value", "low", "high", "interval", "unit", "outcome"))
    return [_in_words(*row) for row in zip(*columns, strict=True)]


def _in_words(value: float, low: float, high: float, interval: str, unit: str, outcome: str) -> str:
    if is_nan(value):
        return str(outcome)
    unit = "" if unit == "1" else f" {unit}"
    if interval in (UNCERTAINTY, AT_LEAST):
        return plus_minus(value, (high - low) / 2, stated=interval == UNCERTAINTY) + unit
    bounds = f" [{number(low)}, {number(high)}]" if not is_nan(low) else ""
    return f"{number(value)}{unit}{bounds}"
