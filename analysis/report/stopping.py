"""How narrow the intervals of a cell are by now: all that bench asks of the analysis while it measures."""

from collections.abc import Mapping

from analysis.report.attribution import PAIRS
from analysis.report.stats.ratios import RATIOS, LaunchMedians, difference


def half_widths(medians: Mapping[str, Mapping[int, float]]) -> dict[str, float | None]:
    """Ratio → half-width of its 95 % interval (ratios.py), of every ratio that the arms allow.

    `medians`: arm → block → median of the launch in ns. None with fewer blocks than an interval needs. An arm without
    any number is not waited for.
    """
    arms = {arm: LaunchMedians(blocks) for arm, blocks in medians.items()}
    found = {}
    for name, pair in {**RATIOS, **PAIRS}.items():
        if pair.numerator in arms and pair.denominator in arms:
            between = difference(arms[pair.numerator], arms[pair.denominator])
            found[name] = between.half_width if between else None
    return found
