"""How often does a healthy instrument fail `bench measure selftest`, and how soon does a broken one? Simulated.

Three pairs of equal arms and the four doses, as with all three arms; every launch has its own noise, the doses share
what they are compared with. Prints, for each shape of the noise and number of blocks, the share of healthy instruments
that fail; then, with a spread of 2 %, how many of broken ones do.
"""

from collections.abc import Callable

import numpy as np
from scipy import stats

from analysis.experiments.selftest_rule import level_of
from bench.run.experiments.selftest_arms import DOSES

PAIRS, TIMES, SPREAD = 3, 20_000, 0.02
BLOCKS = (5, 10, 20, 40)
Shape = Callable[[np.random.Generator, tuple[int, ...]], np.ndarray]
SHAPES: dict[str, Shape] = {
    "normal": lambda random, size: random.normal(size=size),
    "heavy tails (t with 3 degrees)": lambda random, size: random.standard_t(3, size) / 3**0.5,
    "one launch of twenty far slower": lambda random, size: (
        random.normal(size=size) + np.where(random.random(size) < 1 / 20, random.exponential(8, size), 0)
    ),
}
BROKEN = {
    "sees no slowdown": lambda dose: 0 * dose,
    "sees half of it": lambda dose: dose / 2,
    "is off by 3 %": lambda dose: dose + 0.03,
}


def failing(shape: Shape, blocks: int, seen: Callable[[float], float] = lambda dose: dose) -> float:
    """The share of self-tests that fail when a dose is seen as `seen` says."""
    random = np.random.default_rng(blocks)

    def arm() -> np.ndarray:
        return SPREAD * shape(random, (TIMES, blocks))

    reach = stats.t.ppf((1 + level_of(PAIRS + len(DOSES))) / 2, blocks - 1)
    base = [arm() for _ in range(PAIRS)]
    known = [(0.0, each - arm()) for each in base]
    known += [(np.log1p(dose / 100), np.log1p(seen(dose / 100)) + arm() - base[0]) for dose in DOSES]
    missed = [np.abs(logs.mean(axis=1) - truth) > reach * stats.sem(logs, axis=1) for truth, logs in known]
    return float(np.any(missed, axis=0).mean())


def main() -> None:
    print("blocks".ljust(36) + "".join(f"{blocks:>9}" for blocks in BLOCKS))
    for name, shape in SHAPES.items():
        print(f"healthy, {name}".ljust(42) + "".join(f"{failing(shape, blocks):9.4f}" for blocks in BLOCKS))
    for name, seen in BROKEN.items():
        found = [failing(SHAPES["normal"], blocks, seen) for blocks in BLOCKS]
        print(f"broken: {name}".ljust(42) + "".join(f"{share:9.4f}" for share in found))


if __name__ == "__main__":
    main()
