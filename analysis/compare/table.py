"""A comparison on the terminal: a table per cell, then the summary. Fits 80 columns. Names are never read as markup."""

from typing import Any

from rich.console import Console
from rich.padding import Padding
from rich.table import Table

from analysis.compare.phrases import head, summary, verdict
from analysis.data.number_format import change, counted, digits, plain_margin
from bench.core.terminal import grid, safe, say

_STYLES = {"REGRESSION": "bold red", "slower": "yellow", "faster": "cyan", "equivalent": "green"}


def show(report: dict[str, Any], console: Console) -> None:
    """Print the whole comparison, with colours and bold only if the console is a terminal."""
    for side in ("a", "b"):
        console.print(safe(head(report, side)))
    for cell in report["cells"]:
        console.print()
        console.print(safe(cell["cell"], "bold"))
        console.print(Padding(_arms(cell["arms"], report["margin"]), (0, 0, 0, 2), expand=False))
    console.print()
    say(summary(report), console)


def _arms(arms: dict[str, Any], margin: float) -> Table:
    table = grid()
    table.add_column("arm", min_width=10)
    table.add_column("A, ms", justify="right", min_width=7)
    table.add_column("B, ms", justify="right", min_width=7)
    table.add_column("B vs A [95 % interval]", min_width=22)
    table.add_column(f"at {plain_margin(margin)}", min_width=12)
    table.add_column("launches", justify="right")
    for name, arm in arms.items():
        word = verdict(arm)
        times = [digits(arm["a_ms"]), digits(arm["b_ms"])]
        table.add_row(safe(name), *times, change(arm), safe(word, _STYLES.get(word, "magenta")), launches(arm))
    return table


def launches(arm: dict[str, Any]) -> str:
    """Return the launches with a number in A and B, and how many have none: `20, 17 (−3)`."""
    sides = ((arm[f"{side}_launches"], arm[f"{side}_failed"]) for side in ("a", "b"))
    return ", ".join(counted(good, failed) for good, failed in sides)
