"""Does an interval that decides by its own width when to stop still cover the truth? Simulated, no machine is measured.

Blocks' log ratios are drawn with noise for which about so many blocks reach ±0.5 %; looks are those of
bench.run.stopping.

Prints, for each shape of the noise, the coverage of the 95 % interval where it stopped, and the mean number of blocks;
for normal noise also that of looks which begin earlier.
"""

import numpy as np
from scipy import stats

from bench.run.stopping import looks

REPETITIONS, MOST, WIDTH = 20_000, 200, 0.005
NEEDED = (6, 8, 10, 12, 15, 18, 20, 24, 28, 32, 40, 60, 100)
SHAPES = {
    "normal": lambda random, size: random.normal(size=size),
    "heavy tails (t with 3 degrees)": lambda random, size: random.standard_t(3, size) / 3**0.5,
    "one block of twenty 5 times as far": lambda random, size: (
        random.normal(size=size) * np.where(random.random(size) < 1 / 20, 5, 1) / (0.95 + 0.05 * 25) ** 0.5
    ),
}


def simulate(logs: np.ndarray, after: list[int]) -> tuple[float, float]:
    """Coverage of 0 and mean number of blocks, of experiments (rows) that stop `after` the first narrow look."""
    counts = np.arange(1, logs.shape[1] + 1)
    mean = np.cumsum(logs, axis=1) / counts
    squares = np.cumsum(logs**2, axis=1) - counts * mean**2
    freedom = np.maximum(counts - 1, 1)
    reach = stats.t.ppf(0.975, freedom) * np.sqrt(np.maximum(squares, 0) / freedom / counts)
    at = np.array(after) - 1
    narrow = np.expm1(reach[:, at]) <= WIDTH
    narrow[:, -1] = True
    stopped = at[narrow.argmax(axis=1)]
    rows = np.arange(len(logs))
    covered = np.abs(mean[rows, stopped]) <= reach[rows, stopped]
    return float(covered.mean()), float(stopped.mean()) + 1


def main() -> None:
    print("blocks needed  " + "  ".join(f"{needed:>9}" for needed in NEEDED))
    for name in SHAPES:
        show(name, name, looks(MOST))
    for step in (5, 3):
        show(f"normal, looking after {step} blocks and every {step}", "normal", [*range(step, MOST, step), MOST])


def show(title: str, shape: str, after: list[int]) -> None:
    found = []
    for needed in NEEDED:
        sd = np.log1p(WIDTH) * needed**0.5 / stats.t.ppf(0.975, needed - 1)
        found.append(simulate(sd * SHAPES[shape](np.random.default_rng(needed), (REPETITIONS, MOST)), after))
    print(f"{title}\n  coverage     " + "  ".join(f"{coverage:9.3f}" for coverage, _ in found))
    print("  mean blocks  " + "  ".join(f"{blocks:9.1f}" for _, blocks in found))


if __name__ == "__main__":
    main()
