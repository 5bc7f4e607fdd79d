"""What a terminal shows: names come from journals that anybody may have written, and stand there as text alone."""

from collections.abc import Iterable
from textwrap import wrap
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

NAME = 90  # letters of a name
WIDEST = 100  # letters of a line of prose


def printable(text: Any) -> str:
    """The text without control codes."""
    return "".join(letter if letter.isprintable() else "�" for letter in str(text))


def short(text: Any, most: int = NAME) -> str:
    """As much of it as there is room for, without control codes."""
    shown = printable(str(text)[: most + 1])
    return shown if len(shown) <= most else f"{shown[: most - 1]}…"


def safe(text: Any, style: str = "") -> Text:
    """The same for Rich, never read as markup."""
    return Text(printable(text), style)


def grid() -> Table:
    """A table without lines."""
    return Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="dim")


def say(sentences: Iterable[str], console: Console, first: str = "· ", rest: str = "  ") -> None:
    """Print sentences, broken at words; `first` and `rest` stand before their first and their other lines."""
    for sentence in sentences:
        width = min(console.width, WIDEST)
        for line in wrap(sentence, width, initial_indent=first, subsequent_indent=rest, break_on_hyphens=False):
            console.print(safe(line))
