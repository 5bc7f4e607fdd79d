"""The tables of a page, as texts with sort keys. The template escapes every text."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import pandas as pd

from analysis.data.number_format import bounded, digits, is_nan
from analysis.report.best import best_frameworks
from analysis.report.energy_arms import ENERGIES
from analysis.report.energy_report import measured_arms
from analysis.report.evidence import Evidence
from analysis.report.exclusions import remark
from analysis.report.stats.tail import fewest
from analysis.report.study_data import TOLD, Answer, shown
from analysis.text.energy_phrases import energy
from bench.core.terminal import short

TEXT = 160  # characters of a text in a table


class Field(NamedTuple):
    """A field: its text, and the number to sort by if it is a number."""

    text: str
    value: float | None = None


@dataclass(frozen=True)
class Table:
    """A table. `numeric` names the right-aligned columns of numbers; `remark` says which rows are omitted."""

    caption: str
    columns: Sequence[str]
    rows: Sequence[Sequence[Field]]
    numeric: frozenset[str] = field(default_factory=frozenset)
    remark: str = ""


def answer_table(answer: Answer, title: str, most: int) -> Table:
    """Return the data of a study's figure, for readers who cannot see it or who want the numbers."""
    rows = answer.table.head(most)
    names = [name for name in TOLD if name in rows and rows[name].fillna("").astype(bool).any()]
    columns = ["whose", *names, "quantity", "value and interval", "launches", "from", "note"]
    fields = [
        [
            Field(f"{row['whose']} {row['run'] or ''}".strip()),
            *(Field(_text(row[name])) for name in names),
            Field(str(row["quantity"]).replace("_", " ")),
            Field(short(said, TEXT), _number(row["value"])),
            _count(row["launches"]),
            Field(_text(row["source"])),
            Field(_text(row["note"])),
        ]
        for row, said in zip(rows.to_dict("records"), shown(rows), strict=True)
    ]
    numeric = frozenset({"value and interval", "launches"})
    return Table(f"The numbers of “{title}”", columns, fields, numeric, omission_remark(answer.table, most))


def best_table(evidence: Evidence, most: int) -> Table:
    """Return the fastest framework for each network."""
    found = best_frameworks(evidence)
    run = ["run"] if len(evidence.runs) > 1 else []
    columns = [*run, "device", "network", "precision", "fastest", "ms [95 %]", "arm", "launches", "not told apart"]
    rows = [
        [
            *(Field(_text(evidence.labels[row["run_id"]])) for _ in run),
            *(Field(_text(row[name])) for name in ("device", "model", "precision", "framework")),
            Field(bounded(row["ms"], *(row["ci95_ms"] or (float("nan"),) * 2)), row["ms"]),
            Field(_text(row["arm"])),
            Field(str(row["launches"]), row["launches"]),
            Field(short(", ".join(row["not_told_apart"]) or "–", TEXT)),
        ]
        for row in found[:most]
    ]
    caption = "The fastest framework for each network, run by run"
    return Table(caption, columns, rows, frozenset({"ms [95 %]", "launches"}), _remark(found, most, evidence))


# Maps a column of the evidence to its title.
_CELLS = {"p90_ms": "p90", "p99_ms": "p99", "load_ms": "load", "first_ms": "first inference"}


def cells_table(evidence: Evidence, most: int) -> Table:
    """Return every cell in every arm."""
    cells = evidence.cells.head(most)
    run = ["run"] if len(evidence.runs) > 1 else []
    sensed = ["energy, mJ"] if evidence.cells["energy_launches"].gt(0).any() else []
    numbers = ["time [95 %]", *_CELLS.values(), *sensed, "memory, MB", "launches", "failed", "samples"]
    rows = [
        [
            *(Field(_text(row["run"])) for _ in run),
            Field(_text(row["cell"])),
            Field(_text(row["arm"])),
            Field(_time(row), _number(row["ms"])),
            *(Field(digits(value), _number(value)) for value in (_figure(row, name) for name in _CELLS)),
            *(Field(energy(row, "energy_j"), _number(row["energy_j"])) for _ in sensed),
            Field(digits(row["memory_bytes"] / 1e6), _number(row["memory_bytes"])),
            *(Field(f"{row[name]:,}", float(row[name])) for name in ("launches", "failed", "samples")),
        ]
        for row in cells.to_dict("records")
    ]
    caption = "Times in ms: the typical launch's median with its 95 % interval over launches; the others are medians"
    remarks = _remark(evidence.cells, most, evidence)
    return Table(caption, [*run, "cell", "arm", *numbers], rows, frozenset(numbers), remarks)


def _figure(row: Any, name: str) -> float:
    """Return a figure in ms. There is no p99 if launches have too few samples (tail.py)."""
    scarce = name == "p99_ms" and row["samples"] < fewest("p99") * row["launches"]
    return float("nan") if scarce else float(row[name])


def _time(row: Any) -> str:
    return bounded(row["ms"], row["low_ms"], row["high_ms"]) if row["ms"] == row["ms"] else _text(row["reason"])


def energy_table(report: dict[str, Any], cell: str) -> Table | None:
    """Return the energy pass of a cell, one row per arm; None without one."""
    arms = measured_arms(report, cell)
    if not arms:
        return None
    powers = {"power_w": "power, W", "idle_power_w": "at rest, W", "temperature_c": "highest °C"}
    counts = {"throttled": "held back", "launches": "launches", "failed": "failed"}
    rows = [
        [
            Field(short(arm["arm"], TEXT)),
            *(Field(energy(arm, name), arm[name]) for name in ENERGIES),
            *(Field(digits(arm[name]), arm[name]) for name in powers),
            *(Field(str(arm[name]), arm[name]) for name in counts),
        ]
        for arm in arms
    ]
    numbers = ["active, mJ", "idle subtracted, mJ", *powers.values(), *counts.values()]
    caption = f"Energy of one inference, of the {short(arms[0]['scope'])}, with its uncertainty (about 95 %)"
    return Table(caption, ["arm", *numbers], rows, frozenset(numbers))


def text_table(caption: str, columns: Sequence[str], rows: Iterable[Sequence[Any]], most: int) -> Table:
    """Return a table of texts."""
    rows = list(rows)
    return Table(
        caption,
        columns,
        [[Field(_text(text)) for text in row] for row in rows[:most]],
        remark=omission_remark(rows, most),
    )


def omission_remark(rows: Any, most: int) -> str:
    """Return the remark about omitted rows; empty if there are none."""
    return f"The first {most} of {len(rows)} rows." if len(rows) > most else ""


def _remark(rows: Any, most: int, evidence: Evidence) -> str:
    return " ".join(filter(None, (omission_remark(rows, most), remark(evidence))))


def _text(value: Any) -> str:
    return "–" if value is None or is_nan(value) or value == "" else short(str(value), TEXT)


def _number(value: Any) -> float | None:
    return None if pd.isna(value) else float(value)


def _count(value: Any) -> Field:
    return Field("–") if pd.isna(value) else Field(str(int(value)), float(value))
