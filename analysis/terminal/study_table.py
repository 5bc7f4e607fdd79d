"""A study on the terminal, and its table as JSON. Names come from journals and are never read as markup."""

from typing import Any

import pandas as pd
from rich.console import Console
from rich.table import Table

from analysis.report.study_data import TOLD, Answer, shown
from analysis.studies import Study
from bench.core.terminal import grid, safe, say

MOST = 400  # rows: more is for --csv


def show(study: Study, answer: Answer, console: Console) -> None:
    """Print a table for each quantity, then the caption, with colours and bold only if the console is a terminal."""
    console.print(safe(f"{study.title} (paper: {study.paper})", "bold"))
    console.print(safe(study.question))
    for quantity, rows in answer.table.groupby("quantity", sort=False):
        console.print()
        console.print(_table(str(quantity), rows.head(MOST)))
        if len(rows) > MOST:
            console.print(safe(f"and {len(rows) - MOST} more rows, all of them in --csv and --json"))
    console.print()
    say([answer.caption], console, "", "")


def as_records(table: pd.DataFrame) -> list[dict[str, Any]]:
    """Return a dictionary per row; missing values are None."""
    rows = table.to_dict("records")
    return [{str(name): None if pd.isna(value) else value for name, value in row.items()} for row in rows]


def _table(quantity: str, rows: pd.DataFrame) -> Table:
    table = grid()
    table.add_column("whose")
    table.add_column("what", overflow="fold")
    table.add_column(safe(quantity.replace("_", " ")), overflow="fold", min_width=16)
    told = [name for name in TOLD if name in rows]
    for row, said in zip(rows.to_dict("records"), shown(rows), strict=True):
        whose = f"paper, {row['source']}" if row["whose"] == "paper" else f"run {row['run'] or ''}"
        names = [(name, str(row[name])) for name in told if row[name] and row[name] == row[name]]
        what = ", ".join(f"vs {text}" if name == "baseline" else text for name, text in names)
        table.add_row(safe(whose[:40]), safe(what[:200]), safe(said[:200]))
    return table
