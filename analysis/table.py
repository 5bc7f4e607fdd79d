"""A report on the terminal: per cell one table of arms and one of ratios, then the sentences. Fits 80 columns.

Names come from a journal that anybody may have written: they are shown as text, never read as markup or as a
terminal's control codes.
"""

from collections.abc import Iterable
from textwrap import wrap
from typing import Any

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from analysis.evidence import Evidence
from analysis.plain import BEST, best
from analysis.ratios import RATIOS
from analysis.words import change, plain_margin, summary

_STYLES = {"equivalent": "green", "different": "yellow", "inconclusive": "magenta"}
_FIGURES = ("median", "p90", "p99", "load", "first")


def show(report: dict[str, Any], console: Console) -> None:
    """Print the whole report. Colours and bold only where the console is a terminal."""
    console.print(_safe(f"Run {report['run_id']}", "bold"), _safe(_machine(report["host"])), sep="  ")
    for cell in report["cells"]:
        console.print()
        console.print(_safe(cell["cell"], "bold"), *([_safe(cell["status"], "red")] if cell["status"] != "ok" else []))
        for table in (_arms(cell["arms"]), _ratios(cell["ratios"], report["margin"])):
            if table.row_count:
                console.print(Padding(table, (0, 0, 0, 2), expand=False))
    console.print()
    _say(summary(report), console)


def show_all(evidence: Evidence, console: Console) -> None:
    """Print the report of each run, then the best framework for each network."""
    for report in evidence.reports:
        show(report, console)
        console.print()
    if fastest := best(evidence):
        console.print(_safe(BEST, "bold"))
        _say(fastest, console)


def _say(sentences: Iterable[str], console: Console) -> None:
    for sentence in sentences:
        for line in wrap(f"· {sentence}", min(console.width, 100), subsequent_indent="  ", break_on_hyphens=False):
            console.print(_safe(line))


def _arms(arms: dict[str, Any]) -> Table:
    table = _grid()
    table.add_column("arm, ms", min_width=10)
    for name in (*_FIGURES, "launches", "samples"):
        table.add_column(name, justify="right", min_width=7)
    for name, arm in arms.items():
        launches = f"{arm['launches']} (−{arm['failed']})" if arm["failed"] else str(arm["launches"])
        figures = [_ms(arm[f"{figure}_ms"]) for figure in _FIGURES]
        table.add_row(_safe(name), *figures, launches, str(arm["samples"]))
    return table


def _ratios(ratios: dict[str, Any], margin: float) -> Table:
    table = _grid()
    table.add_column("ratio", min_width=14)
    table.add_column("of", min_width=16)
    table.add_column("change [95 % interval]", min_width=22)
    table.add_column(f"at {plain_margin(margin)}", min_width=12)
    table.add_column("blocks", justify="right")
    for name, ratio in ratios.items():
        if ratio["verdict"] is None and ratio["comparable"] is None:
            continue  # an arm that was not asked for; the sentences say so once
        verdict = ratio["verdict"] or ("incomparable" if ratio["comparable"] is False else "–")
        pair = "/".join(RATIOS[name])
        table.add_row(name, pair, change(ratio), Text(verdict, _STYLES.get(verdict, "")), str(ratio["blocks"]))
    return table


def _grid() -> Table:
    return Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="dim")


def _ms(value: float | None) -> str:
    if value is None:
        return "–"
    return f"{value:.0f}" if value >= 1000 else f"{value:#.4g}"


def _machine(host: dict[str, Any]) -> str:
    return ", ".join(str(host[key]) for key in ("cpu_model", "kernel") if host.get(key))


def _safe(text: Any, style: str = "") -> Text:
    return Text("".join(letter if letter.isprintable() else "�" for letter in str(text)), style)
