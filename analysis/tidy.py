"""The one table that every study makes, a row a value, whoever's it is.

    whose          `paper` or `run`
    source, run    the paper's table or figure, or the run's id; a short name of the run where there are several
    device, framework, model, precision, arm
                   this project's names; empty where nothing says
    quantity, unit
    value          NaN where there is none: `outcome` says why
    low, high      NaN where nobody knows
    interval       what lies between them: `95 % over launches`, or `reading error` of a value read off a figure
    launches       how many it is of; missing for the paper, which does not say
    outcome        `ok`, or why there is no value
    note           what else matters

Studies add columns of their own behind these, such as `baseline`.
"""

from dataclasses import dataclass
from typing import Any

import altair as alt
import numpy as np
import pandas as pd

from analysis import reference

NAMES = ("device", "framework", "model", "precision", "arm")
COLUMNS = (
    *("whose", "source", "run", *NAMES, "quantity", "unit"),
    *("value", "low", "high", "interval", "launches", "outcome", "note"),
)
OVER_LAUNCHES, READING = "95 % over launches", "reading error"
Figure = alt.Chart | alt.LayerChart | alt.FacetChart | alt.VConcatChart | alt.HConcatChart
LONGEST = 90  # letters of a name in a figure


@dataclass(frozen=True)
class Answer:
    """What a study found. `caption` says what to see in the figure, and what not to conclude."""

    table: pd.DataFrame
    figure: Figure
    caption: str


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


def short(text: str, most: int = LONGEST) -> str:
    """As much of a text as there is room for; names come from journals that anybody may have written."""
    printable = "".join(letter if letter.isprintable() else "�" for letter in text[: most + 1])
    return printable if len(printable) <= most else f"{printable[: most - 1]}…"


def shown(table: pd.DataFrame) -> list[str]:
    """Each row in words: `12.1 ms [11.9, 12.3]`, or why there is no number."""
    columns = (table[name] for name in ("value", "low", "high", "unit", "outcome"))
    return [_in_words(*row) for row in zip(*columns, strict=True)]


def _in_words(value: float, low: float, high: float, unit: str, outcome: str) -> str:
    if value != value:
        return str(outcome)
    bounds = f" [{number(low)}, {number(high)}]" if low == low else ""
    return f"{number(value)}{'' if unit == '1' else f' {unit}'}{bounds}"


def number(value: float) -> str:
    """Four digits, no exponent where it can be read without one, a true minus sign."""
    if abs(value) >= 1000:
        text = f"{value:,.0f}" if abs(value) < 1e7 else f"{value:.3g}"
    else:
        text = f"{value:.4g}" if abs(value) >= 1e-4 or value == 0 else f"{value:.2g}"
    return text.replace("-", "−")
