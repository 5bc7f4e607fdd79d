"""Where the spread of a cell's times comes from, and how many samples a launch should have.

The method of moments on a nested design: blocks that all arms share, launches of one block and arm, parts of one
launch (stability.py). Parts, not samples, are nearly independent inside a launch: neighbouring samples share their
moment. What all launches of an arm do alike (a slow start) is no spread and is taken out first.

    block    drift over minutes, which pairing within blocks takes out of every ratio
    launch   one process against another: what more launches average out
    sample   one inference against another of the same process, as it counts for the mean of n of them

Kalibera & Jones (ISMM 2013): with the measured costs of a launch and of a sample, the time for a given width of the
interval is least at n = sqrt(cost of a launch / cost of a sample · sample variance / launch variance).
"""

from collections.abc import Sequence
from math import sqrt
from typing import Any

import numpy as np
from numpy.typing import NDArray

from analysis.data.launches import Launch
from analysis.report.stats.stability import PART_COLUMNS, PARTS

_COSTS = ("n", "launch_s", "sample_s")
FEWEST_SAMPLES, MOST_SAMPLES = 10, 100_000  # below there is no median to speak of; above, a launch is a study


def split(launches: Sequence[Launch]) -> dict[str, Any] | None:
    """The split of one cell from rows of `inside.look`; None with fewer than two blocks that have all arms.

    `block_sd`, `launch_sd` and `sample_sd` are fractions of the time; `block_sd` is None with one arm, where drift and
    launches cannot be told apart. A component that comes out negative is 0: it is too small to be seen.
    `samples_per_launch` is null where launches add no spread of their own: then more samples are what helps.
    `narrower`: by what factor the interval would shrink for the same time.
    """
    parts, of_block = _table(launches)
    arms, blocks, _ = parts.shape
    if blocks <= 1:
        return None
    part_variance = _part_variance(parts)
    level = parts.mean(axis=2)
    if arms > 1:
        residual = level - level.mean(axis=0) - level.mean(axis=1, keepdims=True) + level.mean()
        between = float((residual**2).sum()) / ((arms - 1) * (blocks - 1))
        block_variance = float(level.mean(axis=0).var(ddof=1)) - between / arms
    else:
        between, block_variance = float(level[0].var(ddof=1)), None
    launch_variance = between - part_variance / PARTS
    now, launch_s, sample_s = (float(np.median(_column(launches, name)[of_block])) for name in _COSTS)
    sample_variance = part_variance / PARTS * now
    costs = (launch_variance, sample_variance, launch_s, sample_s)
    best = _best(*costs)
    return {
        "block_sd": None if block_variance is None else _sd(block_variance),
        "launch_sd": _sd(launch_variance),
        "sample_sd": _sd(sample_variance),
        "launch_s": launch_s,
        "sample_s": sample_s,
        "samples": now,
        "samples_per_launch": best,
        "narrower": None if best is None else _narrower(*costs, now, best),
    }


def _column(launches: Sequence[Launch], name: str) -> NDArray[np.float64]:
    return np.array([launch[name] for launch in launches], dtype=float)


def _table(launches: Sequence[Launch]) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Parts as arm × block × part, of the blocks in which every arm has a launch; and which launches those are."""
    parts = np.column_stack([_column(launches, name) for name in PART_COLUMNS])
    known = ~np.isnan(parts[:, 0]) & ~np.isnan(_column(launches, "launch_s"))
    arms, arm = np.unique(np.array([launch["arm"] for launch in launches], dtype=str), return_inverse=True)
    blocks, block = np.unique(_column(launches, "block"), return_inverse=True)
    table = np.full((len(arms), len(blocks), PARTS), np.nan)
    table[arm[known], block[known]] = parts[known]
    table = table[~np.isnan(table[:, :, 0]).all(axis=1)]  # an arm without a number is not waited for
    whole = ~np.isnan(table[:, :, 0]).any(axis=0) if len(table) else np.zeros(len(blocks), dtype=bool)
    return table[:, whole], known & whole[block]


def _part_variance(parts: NDArray[np.float64]) -> float:
    """The variance between the parts of a launch, without what the launches of an arm have in common."""
    arms, blocks, _ = parts.shape
    residual = parts - parts.mean(axis=2, keepdims=True) - parts.mean(axis=1, keepdims=True)
    residual += parts.mean(axis=(1, 2), keepdims=True)
    freedom: int = arms * (blocks - 1) * (PARTS - 1)
    return float((residual**2).sum()) / freedom


def _best(launch: float, sample: float, launch_s: float, sample_s: float) -> int | None:
    if launch <= 0 or launch_s <= 0:
        return None
    return int(np.clip(round(sqrt(launch_s / sample_s * sample / launch)), FEWEST_SAMPLES, MOST_SAMPLES))


def _narrower(launch: float, sample: float, launch_s: float, sample_s: float, now: float, best: int) -> float:
    def cost(n: float) -> float:  # variance of a mean of launches × time: what is least at the best n
        return (launch + sample / n) * (launch_s + n * sample_s)

    return sqrt(cost(best) / cost(now))


def _sd(variance: float) -> float:
    return sqrt(max(variance, 0.0))
