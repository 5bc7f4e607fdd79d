"""The conclusions of different protocols, side by side on the terminal."""

from collections.abc import Iterator
from typing import Any

from rich.console import Console
from rich.table import Table

from analysis.report.stats.ratios import MARGIN
from analysis.studies.protocols import MLPERF, OURS, STUDY

_NAMES = {STUDY: "2019 study", MLPERF: "SingleStream", OURS: "ours"}
_UNSURE = {
    STUDY: "one mean of one launch: it cannot say how sure that is",
    MLPERF: "one percentile of one launch: its early stopping bounds the percentile, not the difference",
}


def show(report: dict[str, Any], console: Console) -> None:
    """Print a table and remarks for each cell."""
    for cell in report["cells"]:
        console.print(f"\n[bold]{cell['cell']}[/]")
        table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
        for header in (
            "protocol",
            "launches",
            "minutes",
            "figure",
            "ratio",
            "change [95 %]",
            f"at ±{MARGIN:.0%}",
        ):
            table.add_column(header, justify="right" if header in ("launches", "minutes") else "left", no_wrap=True)
        for said in cell["protocols"]:
            cost = (
                _NAMES[said["protocol"]],
                str(said["launches"]),
                f"{said['minutes']:.1f}",
                said["figure"].partition(",")[0],
            )
            for number, (name, ratio) in enumerate(said["ratios"].items()):
                shown = cost if not number else ("", "", "", "")
                table.add_row(*shown, name, _change(ratio), _concluded(ratio))
            if not said["ratios"]:
                table.add_row(*cost, "", "left out" if said["left_out"] else "one arm alone", "")
        console.print(table)
        for sentence in _words(cell):
            console.print(f"· {sentence}", soft_wrap=True, markup=False)


def _words(cell: dict[str, Any]) -> Iterator[str]:
    for said in cell["protocols"]:
        if said["left_out"]:
            yield f"{said['run_id']}: left out: {said['left_out']}"
        elif said["protocol"] in _UNSURE:
            yield f"{_NAMES[said['protocol']]}, {said['run_id']}: {_UNSURE[said['protocol']]}"
        if said["valid"] is False:
            yield f"{said['run_id']}: not valid by LoadGen's rules: it was cut short, or had too few queries"


def _change(ratio: dict[str, Any]) -> str:
    low_high = f" [{', '.join(map(_percent, ratio['ci95']))}]" if ratio["ci95"] else ", no interval"
    return f"{_percent(ratio['ratio'])} %{low_high}"


def _concluded(ratio: dict[str, Any]) -> str:
    return ratio["verdict"] or ("“within”" if ratio["within"] else "“different”")


def _percent(ratio: float) -> str:
    return f"{(ratio - 1) * 100:+.1f}".replace("-", "−")
