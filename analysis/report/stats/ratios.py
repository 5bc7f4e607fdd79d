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

That is the verdict of one ratio looked at alone; verdicts.py judges several at once.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from math import expm1, isfinite, log1p
from numbers import Real
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from analysis.report.stats.student import t_factor

ROUNDING = 1e-12  # of a log ratio: a smaller one is only the rounding of floats
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


class Difference:
    """ln(a / b) over blocks, and what follows from it. `logs` holds one number a block, at least FEWEST."""

    def __init__(self, logs: NDArray[np.float64]) -> None:
        self.logs = logs
        self.blocks = len(logs)
        self.mean = float(logs.mean())
        self.sd = float(logs.std(ddof=1))
        self.error = self.sd / self.blocks**0.5
        # Identical to the last bit: the t distribution has no scale to stand on.
        self.exact = self.error <= 1e-12 * max(1.0, abs(self.mean))

    @property
    def ratio(self) -> float:
        """The estimate of a / b."""
        return float(np.exp(self.mean))

    @cached_property
    def ci95(self) -> tuple[float, float]:
        """The 95 % interval of the ratio."""
        low, high = self.mean - self._reach, self.mean + self._reach
        return float(np.exp(low)), float(np.exp(high))

    @property
    def half_width(self) -> float:
        """How far the 95 % interval reaches, as a fraction h: from ratio / (1 + h) to ratio · (1 + h)."""
        return expm1(self._reach)

    @cached_property
    def p_different(self) -> float:
        """Of the t test that the ratio is 1."""
        if self.exact:
            return float(abs(self.mean) <= ROUNDING)
        return 2 * self._beyond(abs(self.mean))

    def p_equivalent(self, margin: float) -> float:
        """Of the two one-sided t tests that the ratio is outside of [1/(1+margin), 1+margin]: the larger one."""
        bound = log1p(margin)
        if self.exact:
            return float(abs(self.mean) > bound)
        return self._beyond(bound - abs(self.mean))

    def more_blocks(self, margin: float, equivalent: float = 1 - LEVEL, different: float = 1 - LEVEL) -> int | None:
        """How many blocks more until either verdict, should mean and sd stay as they are; None when beyond MOST.

        `equivalent` and `different` are the levels that the p values have to reach.
        """
        n = np.unique(np.geomspace(self.blocks + 1, MOST, 200).astype(int))  # every count while small, then steps of %
        error = self.sd / np.sqrt(n)
        is_equivalent = stats.t.ppf(1 - equivalent, n - 1) * error <= log1p(margin) - abs(self.mean)
        is_different = stats.t.ppf(1 - different / 2, n - 1) * error < abs(self.mean)
        decided = n[is_equivalent | is_different]
        return int(decided[0]) - self.blocks if decided.size else None

    def _beyond(self, distance: float) -> float:
        """The share of Student's distribution beyond a distance from its centre."""
        return float(stats.t.sf(distance / self.error, self.blocks - 1))

    @cached_property
    def _reach(self) -> float:
        return 0.0 if self.exact else float(t_factor(self.blocks, LEVEL)) * self.error


@dataclass(frozen=True)
class Estimate:
    """A ratio over `blocks` blocks. `more_blocks`: roughly what an inconclusive one would take; None when too many."""

    blocks: int
    verdict: Verdict
    ratio: float | None = None
    ci95: tuple[float, float] | None = None
    reason: str | None = None
    more_blocks: int | None = None


def difference(numerator: LaunchMedians, denominator: LaunchMedians) -> Difference | None:
    """What two arms of one cell differ by, paired by block; None with fewer than FEWEST blocks that have both."""
    blocks = sorted(numerator.by_block.keys() & denominator.by_block.keys())
    if len(blocks) < FEWEST:
        return None
    a = np.array([numerator.by_block[block] for block in blocks], dtype=float)
    b = np.array([denominator.by_block[block] for block in blocks], dtype=float)
    return Difference(np.log(a / b))


def estimate(numerator: LaunchMedians, denominator: LaunchMedians, margin: float = MARGIN) -> Estimate:
    """The ratio of two arms of one cell, judged alone. `margin` is a fraction: 0.05 is ±5 %."""
    found = difference(numerator, denominator)
    if found is None:
        blocks = len(numerator.by_block.keys() & denominator.by_block.keys())
        return Estimate(blocks, "inconclusive", reason=too_few(blocks))
    verdict = verdict_of(found.p_different, found.p_equivalent(margin))
    more = found.more_blocks(margin) if verdict == "inconclusive" else None
    return Estimate(found.blocks, verdict, found.ratio, found.ci95, more_blocks=more)


def verdict_of(different: float, equivalent: float) -> Verdict:
    """The verdict of two p values, adjusted or not."""
    return "equivalent" if equivalent <= 1 - LEVEL else "different" if different <= 1 - LEVEL else "inconclusive"


def too_few(blocks: int) -> str:
    """Why there is no ratio."""
    return f"{blocks} block{'s' * (blocks != 1)} with both arms; at least {FEWEST} are needed"
