"""A report on the terminal: tables of arms, ratios and energy per cell, then the summary. Fits 80 columns.

Names come from a journal, which is not trusted: they are never read as markup or control codes of the terminal.
"""

from typing import Any

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from analysis.data.number_format import change, counted, digits, plain_margin
from analysis.report.energy_arms import ENERGIES
from analysis.report.energy_report import measured_arms
from analysis.report.evidence import Evidence
from analysis.report.stats.ratios import RATIOS
from analysis.text.energy_phrases import energy
from analysis.text.phrases import figure, summary
from analysis.text.summary import BEST, best
from bench.core.terminal import grid, safe, say

_STYLES = {"equivalent": "green", "different": "yellow", "inconclusive": "magenta"}
_FIGURES = ("median", "p90", "p99", "load", "first")


def show(report: dict[str, Any], console: Console) -> None:
    """Print the whole report, with colours and bold only if the console is a terminal."""
    console.print(safe(f"Run {report['run_id']}", "bold"), safe(_machine(report["host"])), sep="  ")
    for cell in report["cells"]:
        console.print()
        console.print(safe(cell["cell"], "bold"), *([safe(cell["status"], "red")] if cell["status"] != "ok" else []))
        for table in (
            _arms(cell["arms"]),
            _ratios(cell["ratios"], report["margin"]),
            _parts(cell["attribution"], report["margin"]),
            _energy(measured_arms(report, cell["cell"])),
        ):
            if table.row_count:
                console.print(Padding(table, (0, 0, 0, 2), expand=False))
    console.print()
    say(summary(report), console)


def show_all(evidence: Evidence, console: Console) -> None:
    """Print the report of each run, then the best framework for each network."""
    for report in evidence.reports:
        show(report, console)
        console.print()
    if fastest := best(evidence):
        console.print(safe(BEST, "bold"))
        say(fastest, console)


def _arms(arms: dict[str, Any]) -> Table:
    table = grid()
    table.add_column("arm, ms", min_width=10)
    for name in (*_FIGURES, "launches", "samples"):
        table.add_column(name, justify="right", min_width=7)
    for name, arm in arms.items():
        figures = [digits(figure(arm, each)) for each in _FIGURES]
        table.add_row(safe(name), *figures, counted(arm["launches"], arm["failed"]), str(arm["samples"]))
    return table


def _ratios(ratios: dict[str, Any], margin: float) -> Table:
    table = grid()
    table.add_column("ratio", min_width=14)
    table.add_column("of", min_width=16)
    table.add_column("change [95 % interval]", min_width=22)
    table.add_column(f"at {plain_margin(margin)}", min_width=12)
    table.add_column("blocks", justify="right")
    for name, ratio in ratios.items():
        if ratio["verdict"] is None and ratio["comparable"] is None:
            continue  # the arm was not requested; the summary says so once
        verdict = ratio["verdict"] or ("incomparable" if ratio["comparable"] is False else "–")
        pair = "/".join(RATIOS[name])
        table.add_row(name, pair, change(ratio), Text(verdict, _STYLES.get(verdict, "")), str(ratio["blocks"]))
    return table


def _parts(attribution: dict[str, Any], margin: float) -> Table:
    table = grid()
    table.add_column("container against", min_width=17)
    table.add_column("change [95 % interval]", min_width=22)
    table.add_column(f"at {plain_margin(margin)}", min_width=12)
    table.add_column("blocks", justify="right")
    for name, entry in attribution.items():
        if entry["verdict"] is None and entry["comparable"] is None:
            continue  # this engine cannot perform the ablation; the summary says why
        verdict = entry["verdict"] or "incomparable"
        table.add_row(name, change(entry), Text(verdict, _STYLES.get(verdict, "")), str(entry["blocks"]))
    return table


def _energy(arms: list[dict[str, Any]]) -> Table:
    table = grid()
    table.add_column("energy, mJ", min_width=10)
    for name in ("active", "idle subtracted", "W", "W idle", "°C", "launches"):
        table.add_column(name, justify="right", min_width=5)
    for arm in arms:
        heat = "–" if arm["temperature_c"] is None else f"{arm['temperature_c']:.0f}"
        powers = [digits(arm[name]) for name in ("power_w", "idle_power_w")]
        energies = [energy(arm, name) for name in ENERGIES]
        table.add_row(safe(arm["arm"]), *energies, *powers, heat, counted(arm["launches"], arm["failed"]))
    return table


def _machine(host: dict[str, Any]) -> str:
    return ", ".join(str(host[key]) for key in ("cpu_model", "kernel") if host.get(key))
