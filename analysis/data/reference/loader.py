"""A table of reference data as a data frame, checked before anybody draws it."""

import csv
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd

from analysis.data.reference.tables import NUMBERED, NUMBERS, TABLES, UNITS, WORDS, Table
from bench.core.errors import ConfigError
from bench.core.suggest import nearest

DATA = Path(__file__).with_name("data")


def names() -> tuple[str, ...]:
    """Every table that `load` knows."""
    return tuple(TABLES)


def load(name: str) -> pd.DataFrame:
    """The table of that name; `TABLES[name]` says where its values come from and which columns tell rows apart.

    `value` and `error` are float64 in the row's `unit`: NaN for a value that the source shows as missing (`outcome`
    says why), and for the error of what is printed or counted. All other columns are text; empty where the source does
    not say. `how` is one of

        printed   in a table, or as a label in a figure
        stated    in the paper's text, on its slides, or in the README of its code
        read      the height of a bar or the place of a point, measured in the figure; `error` is the reading error
        counted   by arithmetic of this project on the study's code or on torchvision; no figure of the study

    Raises ConfigError for a name that is not known.
    """
    if name not in TABLES:
        hint = "docs/reference.md describes them all"
        raise ConfigError(f"unknown reference table '{name}': {nearest(name, TABLES)}", hint)
    return _read(name).copy()


@cache
def _read(name: str) -> pd.DataFrame:
    return read_table(DATA / f"{name}.csv", TABLES[name])


def read_table(path: Path, table: Table) -> pd.DataFrame:
    """One file, checked. Raises ValueError with file, line and reason for what does not belong."""
    with path.open(encoding="utf-8", newline="") as file:
        header, *rows = list(csv.reader(file, strict=True)) or [[]]
    if tuple(header) != table.columns:
        raise ValueError(f"{path.name}: the columns are {', '.join(header)}; needed: {', '.join(table.columns)}")
    for line, row in enumerate(rows, 2):
        if len(row) != len(header):
            raise ValueError(f"{path.name}:{line}: {len(row)} fields in {len(header)} columns")
    frame = pd.DataFrame(rows, columns=header, dtype=str)
    for column in frame.columns.intersection(list(NUMBERS)):
        numbers = pd.to_numeric(frame[column].replace("", "nan"), errors="coerce").astype("float64")
        _refuse(path, (frame[column] != "") & ~np.isfinite(numbers), f"{column} is no number")
        frame[column] = numbers
    for column in frame.columns.intersection(list(WORDS)):
        _refuse(path, ~frame[column].isin(WORDS[column]), f"unknown word in column {column}")
    _refuse(path, frame.duplicated(list(table.key)), f"a second row with this {', '.join(table.key)}")
    if "error" in frame:
        _check_values(path, frame)
    return frame


def _check_values(path: Path, frame: pd.DataFrame) -> None:
    """A value and its unit, outcome and error must go together."""
    there = frame["value"].notna()
    _refuse(path, there != frame["outcome"].isin(NUMBERED), "value and outcome do not agree")
    _refuse(path, frame["value"] <= 0, "value is not above 0")
    _refuse(path, frame["unit"] != frame["quantity"].map(UNITS), "not the unit of this quantity")
    _refuse(path, frame["error"] <= 0, "error is not above 0")
    _refuse(path, frame["error"].notna() & (frame["how"] != "read"), "a reading error without reading")


def _refuse(path: Path, wrong: "pd.Series[bool]", reason: str) -> None:
    if wrong.any():
        line = int(np.flatnonzero(wrong)[0]) + 2  # the header is line 1
        raise ValueError(f"{path.name}:{line}: {reason}")
