"""A report of the interference experiment on the terminal. Fits 80 columns."""

from typing import Any

from rich.console import Console
from rich.padding import Padding

from analysis.data.number_format import counted, digits, percent
from analysis.text.interference_phrases import sentences
from bench.core.terminal import grid, safe, say


def show(report: dict[str, Any], console: Console) -> None:
    """Print the whole report, with colours and bold only if the console is a terminal."""
    console.print(safe(f"Run {report['run_id']}", "bold"))
    for cell in report["cells"]:
        console.print()
        console.print(safe(cell["cell"], "bold"))
        table = grid()
        for name in ("setup", "CPUs", "per second", "95 %", "ms", "95 %", "p90", "blocks"):
            table.add_column(name, justify="left" if name in ("setup", "CPUs") else "right")
        for name, setup in cell["setups"].items():
            cpus = " ".join(dict.fromkeys(setup["cpus"]))
            figures = (*_value(setup["throughput"]), *_value(setup["latency_ms"]), digits(setup["p90_ms"]["value"]))
            table.add_row(safe(name), safe(cpus), *figures, counted(setup["blocks"], setup["failed"]))
        console.print(Padding(table, (0, 0, 0, 2), expand=False))
    console.print()
    say(sentences(report), console)


def _value(figure: dict[str, Any]) -> tuple[str, str]:
    """Return the value, and its interval relative to it in percent."""
    if not figure["ci95"]:
        return digits(figure["value"]), ""
    low, high = (percent(end / figure["value"], 0) for end in figure["ci95"])
    return digits(figure["value"]), f"{low}, {high} %"
