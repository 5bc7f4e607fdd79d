"""What containers cost: the ratio of two arms with its interval and its verdict, from launch medians alone.

The unit of replication is the launch. Samples of one launch are not independent, and an interval over pooled samples
covers the truth about a third of the time it claims to (Kalibera & Jones, ISMM 2013; docs/method.md), so
nothing here takes samples: `LaunchMedians` holds one number a block.

Estimator: d = ln(a / b) in every block that has both; the ratio is exp(mean d), its interval exp of Student's t over
blocks. Verdict at margin m and level 5 %, by two one-sided t tests (Schuirmann 1987), which is the same as asking
whether the 90 % interval lies within [1/(1+m), 1+m]:

    equivalent    both tests reject; also when the 95 % interval excludes 1: the difference is real, and too small to
                  matter, and the interval still shows its sign
    different     not equivalent, and the 95 % interval excludes 1
    inconclusive  neither: more blocks are needed
"""

from collections.abc import Mapping
from dataclasses import dataclass
from math import isfinite
from numbers import Real
from typing import Literal, NamedTuple

import numpy as np
from scipy import stats
from statsmodels.stats.weightstats import ttost_paired

MARGIN = 0.05
LEVEL = 0.95
FEWEST = 2  # blocks without which there is no variance
MOST = 10_000  # blocks that are worth planning

Verdict = Literal["equivalent", "different", "inconclusive"]


class Pair(NamedTuple):
    """Which arm is divided by which."""

    numerator: str
    denominator: str


RATIOS = {
    "virtualization": Pair("container", "rootfs"),
    "userland": Pair("rootfs", "native"),
    "total": Pair("container", "native"),
}


@dataclass(frozen=True)
class LaunchMedians:
    """Block → the median of the one launch of that block in one arm, in ns.

    Raises TypeError for anything but one number a block, ValueError for a number that is no duration.
    """

    by_block: Mapping[int, float]

    def __post_init__(self) -> None:
        for block, median in self.by_block.items():
            if isinstance(median, bool) or not isinstance(median, Real):
                raise TypeError(f"block {block}: one median is needed, not {type(median).__name__}")
            if not (isfinite(median) and median > 0):
                raise ValueError(f"block {block}: {median} is no duration")


@dataclass(frozen=True)
class Estimate:
    """A ratio over `blocks` blocks. `more_blocks`: roughly what an inconclusive one would take; None when too many."""

    blocks: int
    verdict: Verdict
    ratio: float | None = None
    ci95: tuple[float, float] | None = None
    reason: str | None = None
    more_blocks: int | None = None


def estimate(numerator: LaunchMedians, denominator: LaunchMedians, margin: float = MARGIN) -> Estimate:
    """The ratio of two arms of one cell, paired by block. `margin` is a fraction: 0.05 is ±5 %."""
    blocks = sorted(numerator.by_block.keys() & denominator.by_block.keys())
    if len(blocks) < FEWEST:
        reason = f"{len(blocks)} block{'s' * (len(blocks) != 1)} with both arms; at least {FEWEST} are needed"
        return Estimate(len(blocks), "inconclusive", reason=reason)
    a = np.array([numerator.by_block[block] for block in blocks], dtype=float)
    b = np.array([denominator.by_block[block] for block in blocks], dtype=float)
    d = np.log(a / b)
    mean, error = float(d.mean()), float(stats.sem(d))
    if error <= 1e-12 * max(1.0, abs(mean)):  # identical to the last bit: the t distribution has no scale to stand on
        low = high = mean
        equivalent = abs(mean) <= np.log1p(margin)
    else:
        low, high = stats.t.interval(LEVEL, len(d) - 1, loc=mean, scale=error)
        equivalent = ttost_paired(a, b, 1 / (1 + margin), 1 + margin, transform=np.log)[0] <= 1 - LEVEL
    verdict: Verdict = "equivalent" if equivalent else "inconclusive" if low <= 0 <= high else "different"
    return Estimate(
        blocks=len(d),
        verdict=verdict,
        ratio=float(np.exp(mean)),
        ci95=(float(np.exp(low)), float(np.exp(high))),
        more_blocks=_more_blocks(mean, float(d.std(ddof=1)), len(d), margin) if verdict == "inconclusive" else None,
    )


def _more_blocks(mean: float, sd: float, have: int, margin: float) -> int | None:
    """How many blocks more until either verdict, should mean and sd stay as they are; None when beyond MOST."""
    n = np.unique(np.geomspace(have + 1, MOST, 200).astype(int))  # every count while small, then steps of some percent
    error = sd / np.sqrt(n)
    # Equivalence looks at the 90 % interval (each one-sided test at 5 %), difference at the 95 % interval.
    equivalent = stats.t.ppf(LEVEL, n - 1) * error <= np.log1p(margin) - abs(mean)
    different = stats.t.ppf((1 + LEVEL) / 2, n - 1) * error < abs(mean)
    decided = n[equivalent | different]
    return int(decided[0]) - have if decided.size else None
