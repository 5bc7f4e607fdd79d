"""Safe output on a terminal. Names may come from foreign journals, so they are shown as plain text only."""

from collections.abc import Iterable, Mapping, Sequence
from textwrap import wrap
from typing import Any

from rich.console import Console
from rich.measure import Measurement
from rich.table import Column, Table
from rich.text import Text

NAME = 90  # most characters of a name
WIDEST = 100  # most characters of a line of prose


def printable(text: Any) -> str:
    """The text without control codes."""
    return "".join(letter if letter.isprintable() else "�" for letter in str(text))


def short(text: Any, most: int = NAME) -> str:
    """The text without control codes, cut to `most` characters."""
    shown = printable(str(text)[: most + 1])
    return shown if len(shown) <= most else f"{shown[: most - 1]}…"


def safe(text: Any, style: str = "") -> Text:
    """The text without control codes for Rich, never read as markup."""
    return Text(printable(text), style)


def grid() -> Table:
    """A table without lines."""
    return Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="dim")


def say(sentences: Iterable[str], console: Console, first: str = "· ", rest: str = "  ") -> None:
    """Print sentences wrapped at words. `first` precedes the first line of each, `rest` the other lines."""
    for sentence in sentences:
        width = min(console.width, WIDEST)
        for line in wrap(sentence, width, initial_indent=first, subsequent_indent=rest, break_on_hyphens=False):
            console.print(safe(line))


def print_fitted(
    rows: Sequence[Mapping[str, str]], console: Console, *, droppable: Sequence[str] = (), right: Sequence[str] = ()
) -> None:
    """Print rows, column name → text, as a table that fits the console, or else as one block a row.

    Too wide a table first loses its `droppable` columns, from the first on, and a line names them. `right` names the
    columns that are aligned to the right. Outside of a terminal every column is printed in full.
    """
    kept, dropped = list(rows[0]) if rows else [], list[str]()
    everything = console.options.update(max_width=10_000)
    table = _plain_table(rows, kept, right)
    width = Measurement.get(console, everything, table).maximum
    if not console.is_terminal:
        Console(file=console.file, width=max(console.width, width), soft_wrap=True).print(table)
        return
    for name in droppable:
        if width <= console.width:
            break
        kept.remove(name)
        dropped.append(name)
        table = _plain_table(rows, kept, right)
        width = Measurement.get(console, everything, table).maximum
    if width > console.width:
        _print_blocks(rows, console)
        return
    console.print(table)
    if dropped:
        console.print(safe(f"not shown at this width: {', '.join(dropped)}", "dim"))


def _plain_table(rows: Sequence[Mapping[str, str]], names: Sequence[str], right: Sequence[str]) -> Table:
    columns = [Column(name, justify="right" if name in right else "left") for name in names]
    table = Table(*columns, box=None, pad_edge=False)
    for row in rows:
        table.add_row(*(safe(row[name]) for name in names))
    return table


def _print_blocks(rows: Sequence[Mapping[str, str]], console: Console) -> None:
    for row in rows:
        first, *others = row.items()
        console.print(safe(first[1], "bold"))
        say((f"{name}: {text}" for name, text in others if text), console, "  ", "    ")
