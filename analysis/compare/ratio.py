"""The ratio of two runs with its interval, and verdicts over many cells with a controlled false discovery rate.

Launches of two runs are independent: blocks of different runs are not measured at the same time, so nothing is
paired. On the logarithms of launch medians: the ratio B / A is exp of the difference of means, its 95 % interval exp of
Welch's t interval (unequal variances, Satterthwaite's degrees of freedom); two p values, Welch's two-sided one for a
difference and that of two one-sided Welch tests at the margin (Schuirmann 1987) for equivalence.

Of a hundred unchanged cells, five differ at 5 % by chance. Each kind of p value is therefore adjusted over all cells
and arms (Benjamini & Hochberg 1995): on average, at most 5 % of the cells called different are not different, and at
most 5 % of the cells called equivalent are not equivalent. Intervals are not adjusted.

    equivalent    the adjusted test of equivalence rejects, even if there is a small real difference
    different     not equivalent, and the adjusted test of a difference rejects
    inconclusive  neither

The interval covers the scatter of launches within each run. A difference between whole runs (another temperature,
another tenant) affects the ratio but not the interval: repeat an identical run to see how large it is.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from statsmodels.stats.weightstats import CompareMeans, ttost_ind

from analysis.report.stats.ratios import FEWEST, MARGIN, LaunchMedians, Verdict
from analysis.report.stats.verdicts import ALPHA, adjust

ROUNDING = 1e-12  # relative; a smaller difference of logarithms is only the rounding of float64


@dataclass(frozen=True)
class Ratio:
    """The ratio B / A of one cell in one arm, with p values that are not adjusted."""

    ratio: float
    ci95: tuple[float, float]
    p_different: float
    p_equivalent: float


@dataclass(frozen=True)
class ArmVerdict:
    """The verdict about one ratio among others, from its adjusted p values (`q`)."""

    q_different: float
    q_equivalent: float
    verdict: Verdict
    regression: bool


def compare_launches(a: LaunchMedians, b: LaunchMedians, margin: float = MARGIN) -> Ratio:
    """Return the ratio B / A. Raises ValueError if a side has fewer than FEWEST launches."""
    if min(len(a.by_block), len(b.by_block)) < FEWEST:
        raise ValueError(f"at least {FEWEST} launches of each run are needed")
    x, y = (np.array(list(side.by_block.values()), dtype=float) for side in (a, b))
    logs = CompareMeans.from_data(np.log(y), np.log(x))
    mean, error = float(logs.d1.mean - logs.d2.mean), float(logs.std_meandiff_separatevar)
    if error <= ROUNDING * max(1.0, abs(mean)):  # all launches are equal: the t statistic is undefined
        low = high = mean
        different, equivalent = float(abs(mean) <= ROUNDING), float(abs(mean) > np.log1p(margin))
    else:
        low, high = logs.tconfint_diff(alpha=ALPHA, usevar="unequal")
        different = float(logs.ttest_ind(usevar="unequal")[1])
        equivalent = float(ttost_ind(y, x, 1 / (1 + margin), 1 + margin, usevar="unequal", transform=np.log)[0])
    return Ratio(float(np.exp(mean)), (float(np.exp(low)), float(np.exp(high))), different, equivalent)


def judge_all(ratios: Sequence[Ratio], threshold: float) -> list[ArmVerdict]:
    """Return a verdict for each ratio of a comparison.

    A regression is significantly slower (adjusted test of a difference), and its estimate exceeds `threshold`, a
    fraction. It does not depend on the margin.
    """
    adjusted = adjust([ratio.p_different for ratio in ratios], [ratio.p_equivalent for ratio in ratios])
    return [
        ArmVerdict(
            q_different=d,
            q_equivalent=e,
            verdict=verdict,
            regression=d <= ALPHA and ratio.ratio > 1 + threshold,
        )
        for ratio, (d, e, verdict) in zip(ratios, adjusted, strict=True)
    ]
