"""A report of interference in plain words. Everything returned is plain text."""

from collections.abc import Iterator
from typing import Any

from analysis.data.number_format import change
from analysis.text.phrases import MOST_WARNINGS

_HOW = {"shared": "all on the same CPUs", "split": "each on CPUs of its own"}


def sentences(report: dict[str, Any]) -> Iterator[str]:
    """What happens with K instances, in plain words."""
    for cell in report["cells"]:
        for name, ratio in cell["ratios"].items():
            what, _, rest = name.partition(" ")
            if what == "throughput":
                yield f"{cell['cell']}: {_throughput(rest, ratio, cell)}"
        if flagged := sum(setup["flagged"] for setup in cell["setups"].values()):
            yield f"{cell['cell']}: {flagged} launches were disturbed by what is not part of the study"
    yield from (f"forced: {text}" for text in report["forced"])
    yield from (f"left out: {name}: {why}" for name, why in report["absent"].items())
    yield from report["warnings"][:MOST_WARNINGS]


def _throughput(name: str, ratio: dict[str, Any], cell: dict[str, Any]) -> str:
    kind, _, count = name.partition("-")
    said = f"{count} instances, {_HOW[kind]}: against one alone, {change(ratio)} inferences per second"
    if latency := cell["ratios"].get(f"latency {name}"):
        said += f", {change(latency)} time for each"
    if tail := cell["ratios"].get(f"p90 {name}"):
        said += f" ({change(tail)} for the slowest of ten)"
    if own := cell["ratios"].get(f"latency {name} on its CPUs"):
        said += f"; {change(own)} against one alone on as many CPUs"
    return said
