"""Time to the first inference: how long each phase takes in each arm, and what the container adds.

One number a launch goes in, as everywhere: the figures are medians over launches, ratios are paired by block
(ratios.py). Every arm but `cold-cache` starts with its files in memory, since the launch before had read them.
"""

from collections.abc import Mapping, Sequence
from statistics import median
from typing import Any

from analysis.data.launches import Launch
from analysis.data.number_format import is_nan
from analysis.data.phases import PHASES, TOTAL, total
from analysis.report.attribution import PAIRS
from analysis.report.stats.ratios import RATIOS, Difference, LaunchMedians, difference


def describe(launches: Sequence[Launch]) -> dict[str, float | None]:
    """Phase and total → median over the launches of one cell in one arm, in ms; None where no launch says it."""
    found = {name: [each["phases"][name] for each in launches if name in each["phases"]] for name in PHASES}
    found[TOTAL] = [ns for ns in (total(each["phases"]) for each in launches) if not is_nan(ns)]
    return {name: median(values) / 1e6 if values else None for name, values in found.items()}


def compare(launches: Sequence[Launch]) -> dict[str, dict[str, Any]]:
    """Ratio or ablation → `ratio` and `ci95` of the time to the first inference, of one cell; those that there are."""
    by_arm: dict[str, dict[int, float]] = {}
    for launch in launches:
        if (ns := total(launch["phases"])) == ns:
            by_arm.setdefault(launch["arm"], {})[launch["block"]] = ns
    totals = {arm: LaunchMedians(of_arm) for arm, of_arm in by_arm.items()}
    return {
        name: {"ratio": found.ratio, "ci95": list(found.ci95), "blocks": found.blocks}
        for name, pair in {**RATIOS, **PAIRS}.items()
        if (found := _between(pair, totals)) is not None
    }


def _between(pair: tuple[str, str], totals: Mapping[str, LaunchMedians]) -> Difference | None:
    numerator, denominator = (totals.get(arm) for arm in pair)
    return difference(numerator, denominator) if numerator and denominator else None
