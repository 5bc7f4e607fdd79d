"""The ratio of two runs with its interval, and verdicts over many cells with false discoveries controlled.

Launches of two runs are independent: no block of one shares its moment with a block of the other, so nothing is
paired. On the logarithms of launch medians: the ratio B / A is exp of the difference of means, its 95 % interval exp of
Welch's t interval (unequal variances, Satterthwaite's degrees of freedom); two p values, Welch's two-sided one for a
difference and that of two one-sided Welch tests at the margin (Schuirmann 1987) for equivalence.

Of a hundred cells that did not change, five differ at 5 % by chance. Over all cells and arms, each kind of p value is
therefore adjusted after Benjamini & Hochberg (1995), so that of what is called different at most 5 % is not, on
average; the same for what is called equivalent. Intervals are those of one cell, not adjusted.

    equivalent    the adjusted test of equivalence rejects; also when the difference is real, and too small to matter
    different     not equivalent, and the adjusted test of a difference rejects
    inconclusive  neither

The interval holds how launches scatter within each run. What set one run apart from the other as a whole (another
temperature, another tenant) is in the ratio and not in the interval: two runs of the same show how much that is.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from statsmodels.stats.weightstats import CompareMeans, ttost_ind

from analysis.report.stats.ratios import FEWEST, MARGIN, LaunchMedians, Verdict
from analysis.report.stats.verdicts import ALPHA, adjust


@dataclass(frozen=True)
class Ratio:
    """B / A of one cell in one arm; the p values are of this cell alone."""

    ratio: float
    ci95: tuple[float, float]
    p_different: float
    p_equivalent: float


@dataclass(frozen=True)
class Judged:
    """A ratio among others: its p values adjusted (`q`), and what follows from them."""

    q_different: float
    q_equivalent: float
    verdict: Verdict
    regression: bool


def compare_launches(a: LaunchMedians, b: LaunchMedians, margin: float = MARGIN) -> Ratio:
    """The ratio B / A. Raises ValueError with fewer than FEWEST launches on a side: there is no variance."""
    if min(len(a.by_block), len(b.by_block)) < FEWEST:
        raise ValueError(f"at least {FEWEST} launches of each run are needed")
    x, y = (np.array(list(side.by_block.values()), dtype=float) for side in (a, b))
    logs = CompareMeans.from_data(np.log(y), np.log(x))
    mean, error = float(logs.d1.mean - logs.d2.mean), float(logs.std_meandiff_separatevar)
    if error <= 1e-12 * max(1.0, abs(mean)):  # identical to the last bit: the t distribution has no scale to stand on
        low = high = mean
        different, equivalent = float(abs(mean) <= 1e-12), float(abs(mean) > np.log1p(margin))
    else:
        low, high = logs.tconfint_diff(alpha=ALPHA, usevar="unequal")
        different = float(logs.ttest_ind(usevar="unequal")[1])
        equivalent = float(ttost_ind(y, x, 1 / (1 + margin), 1 + margin, usevar="unequal", transform=np.log)[0])
    return Ratio(float(np.exp(mean)), (float(np.exp(low)), float(np.exp(high))), different, equivalent)


def judge_all(ratios: Sequence[Ratio], threshold: float) -> list[Judged]:
    """Verdicts over all ratios of a comparison.

    A regression is slower for sure (the adjusted test of a difference) and by more than `threshold`, a fraction, as
    estimated. It does not depend on the margin.
    """
    adjusted = adjust([ratio.p_different for ratio in ratios], [ratio.p_equivalent for ratio in ratios])
    return [
        Judged(
            q_different=d,
            q_equivalent=e,
            verdict=verdict,
            regression=d <= ALPHA and ratio.ratio > 1 + threshold,
        )
        for ratio, (d, e, verdict) in zip(ratios, adjusted, strict=True)
    ]
