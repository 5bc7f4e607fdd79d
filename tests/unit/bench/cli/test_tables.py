"""Tables fit the terminal: they lose columns by priority, or become one block a row. In a pipe they are whole."""

from io import StringIO

import pytest
from rich.console import Console

from bench.cli.models.check import _show_by_model
from bench.core.terminal import print_fitted

ROWS = [
    {"name": "coral-usb", "title": "an accelerator with a long name", "size": "104 MB"},
    {"name": "host", "title": "[bold]this machine[/]", "size": "9 MB"},
]


def printed(width: int, *, terminal: bool = True) -> list[str]:
    console = Console(file=StringIO(), width=width, force_terminal=terminal, color_system=None)
    print_fitted(ROWS, console, droppable=("title",), right=("size",))
    return console.file.getvalue().splitlines()  # type: ignore[attr-defined]


@pytest.mark.parametrize("width", [25, 30, 40, 60, 80])
def test_no_line_is_wider_than_the_terminal_and_none_is_cut(width: int) -> None:
    lines = printed(width)
    assert max(map(len, lines)) <= width
    assert "…" not in "".join(lines)


def test_a_narrow_table_loses_columns_by_priority_and_names_them() -> None:
    assert printed(80)[0].split() == ["name", "title", "size"]
    assert "[bold]this machine[/]" in printed(80)[2]
    narrow = printed(30)
    assert narrow[0].split() == ["name", "size"]
    assert narrow[3:] == ["not shown at this width: title"]


def test_a_terminal_narrower_than_every_column_gets_a_block_a_row() -> None:
    assert printed(15)[0] == "coral-usb"
    assert "  size: 104 MB" in printed(15)


def test_a_pipe_gets_every_column_in_one_line_a_row() -> None:
    assert printed(15, terminal=False)[1].split("  ")[0] == "coral-usb"
    assert "an accelerator with a long name" in printed(15, terminal=False)[1]


def test_the_checks_of_a_model_are_grouped_by_status_at_narrow_widths() -> None:
    console = Console(file=StringIO(), width=30, force_terminal=True, color_system=None)
    found = [{"model": "m", "framework": each, "status": "agrees"} for each in ("onnxruntime", "openvino", "tflite")]
    _show_by_model("fp32", found, console)
    lines = console.file.getvalue().splitlines()  # type: ignore[attr-defined]
    assert lines[:2] == ["fp32", "m"]
    assert max(map(len, lines)) <= 30
