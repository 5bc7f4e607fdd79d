"""When a self-test has failed, and what a machine can resolve: numbers in, words out.

A check of a known ratio asks whether an interval covers it. A healthy instrument's interval of level L misses in 1 - L
of the cases, so with K checks the level of each is 1 - FALSE / K: whatever hangs together among them (the doses share
their denominator), the chance that any misses is at most FALSE (Bonferroni). K counts the checks that were planned.

A dose is found when its ratio is covered and the 95 % interval lies above 1. Else the dose is too small for the noise
and the number of blocks: that is told and is no failure. An instrument that does not see a dose is
caught by every dose that is larger than the interval reaches. Equal arms are called equal only where the interval is
narrower than the largest dose; else they are too noisy to tell.
"""

from dataclasses import dataclass
from math import exp, log, log1p, sqrt
from typing import Literal

import numpy as np

from analysis.report.stats.ratios import LEVEL, MOST, Difference
from analysis.report.stats.student import t_factor

FALSE = 0.01  # of healthy instruments, at most this many fail
WIDTHS = (0.05, 0.02, 0.01, 0.005)  # half-widths that a resolution is told for

WIDEST = 0.1  # half-width of a 95 % interval beyond which equal arms are too noisy to tell

Outcome = Literal["equal", "unequal", "too-noisy", "found", "too-small", "missed"]


@dataclass(frozen=True)
class Judged:
    """A check of a known ratio. `interval` is of the level that decides."""

    ratio: float
    interval: tuple[float, float]
    outcome: Outcome

    @property
    def failed(self) -> bool:
        """Whether the known ratio is outside."""
        return self.outcome in ("unequal", "missed")


def level_of(checks: int) -> float:
    """The level at which each of so many checks is judged."""
    return 1 - FALSE / max(1, checks)


def judge(found: Difference, known: float, level: float, inexact: float = 0.0) -> Judged:
    """Is the known ratio covered? `inexact` is by what fraction it may be larger than it says."""
    reach = 0.0 if found.exact else float(t_factor(found.blocks, level)) * found.error
    low, high = found.mean - reach, found.mean + reach
    covered = low - log1p(inexact) <= log(known) <= high
    outcome: Outcome
    if known == 1:
        outcome = "unequal" if not covered else "equal" if found.half_width <= WIDEST else "too-noisy"
    elif not covered:
        outcome = "missed"
    else:
        outcome = "found" if found.mean > 0 and found.p_different < 1 - LEVEL else "too-small"
    return Judged(found.ratio, (exp(low), exp(high)), outcome)


def pooled(equal: list[Difference]) -> float:
    """The spread of log ratios between equal arms, over all pairs."""
    freedom = sum(each.blocks - 1 for each in equal)
    return sqrt(sum((each.blocks - 1) * each.sd**2 for each in equal) / freedom)


def blocks_for(half_width: float, sd: float) -> int | None:
    """The fewest blocks whose 95 % interval reaches so far with this spread; None when more than ratios.MOST."""
    n = np.arange(2, MOST + 1)
    narrow = n[t_factor(n, LEVEL) * sd / np.sqrt(n) <= log1p(half_width)]
    return int(narrow[0]) if narrow.size else None
