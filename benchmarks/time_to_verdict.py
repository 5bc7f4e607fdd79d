"""How long until a difference is known as narrowly: ours, against the 2019 study's protocol, repeated until it is.

    .venv/bin/python benchmarks/time_to_verdict.py [--framework onnxruntime] [--model mobilenet-v2] [--blocks 12]

One arm against itself, so that the truth is known. Each block has, in random order, a pair of launches by our default
profile, each worth its median, and a pair by the profile `edgebench`, each worth the mean of its 1000 inferences. A
protocol needs so many pairs that the 95 % interval of the ratio is as narrow as asked; both are given the pairing
within blocks, which the study's has not. Told are minutes, and by what factor ours takes less, with its 95 % interval:
(cost of a pair · variance between pairs) of one over that of the other, by the F distribution. The claim, for a verdict
at ±5 %: at least 5 times less; exit code 1 where the estimate is below. Needs the model in the store.
"""

import argparse
import os
import random
import sys
from dataclasses import dataclass, field

import numpy as np
from scipy import stats

from analysis.experiments.selftest_rule import blocks_for
from analysis.studies.protocols import mean_of_all
from bench.arms.native import NativeArm
from bench.arms.outcome import median_ns, record
from bench.artifacts.request import Prepared
from bench.core import cpus as cpu_lists
from bench.core.matrix.plan import Launch, Selection, make_plan
from bench.core.matrix.schema import load_matrix
from bench.run.execute import Settings, spec_of
from bench.run.lock import reserved
from bench.run.requests import prepare_requests

CLAIM, WIDTHS = 5.0, (0.05, 0.025, 0.01)
FIGURES = {"default": median_ns, "edgebench": mean_of_all}


@dataclass
class Seen:
    """A protocol's pairs: log ratio and seconds of each."""

    cell: Prepared
    logs: list[float] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)

    @property
    def cost(self) -> float:
        """Of a unit of precision: seconds of a pair times the variance between pairs."""
        return float(np.mean(self.seconds) * np.var(self.logs, ddof=1))

    def minutes(self, width: float) -> float | None:
        """Until the 95 % interval reaches so far."""
        blocks = blocks_for(width, float(np.std(self.logs, ddof=1)))
        return None if blocks is None else float(blocks * np.mean(self.seconds)) / 60


def main() -> int:
    """Measure, print what was found, and say whether the claim holds."""
    parser = argparse.ArgumentParser(description="Time to an interval of a given width, by two protocols.")
    parser.add_argument("--framework", default="onnxruntime")
    parser.add_argument("--model", default="mobilenet-v2")
    parser.add_argument("--blocks", type=int, default=12)
    parser.add_argument("--cpus", help="as 0-1; all when left out")
    options = parser.parse_args()
    chosen = cpu_lists.parse(options.cpus) if options.cpus else cpu_lists.allowed()
    matrix = load_matrix()
    settings = Settings(
        run_id="verdict", cpus=cpu_lists.show(chosen), threads=len(chosen), timeout=900.0, memory=None, replace=False
    )
    with reserved():
        arm, order, seen = NativeArm(matrix), random.Random(0), {}
        arm.prepare(options.framework)
        for profile in FIGURES:
            wanted = Selection(device="host", frameworks=[options.framework], models=[options.model],
                               precisions=["fp32"], arms=["native"], profile=profile)  # fmt: skip
            (cell,) = prepare_requests(make_plan(matrix, wanted), matrix, len(chosen)).values()
            seen[profile] = Seen(cell)
        for block in range(1, options.blocks + 1):
            for profile in order.sample(list(seen), len(seen)):
                pair(arm, seen[profile], profile, settings, block)
    return told(seen, options.blocks, settings.cpus)


def pair(arm: NativeArm, of: Seen, profile: str, settings: Settings, block: int) -> None:
    """Launch twice and note how the two differ."""
    values, taken = [], 0.0
    for _ in range(2):
        launch = Launch(of.cell.cell, "native", block)
        outcome = arm.launch(spec_of(launch, of.cell, settings))
        value = FIGURES[profile](record(launch, 1, "", outcome))
        if value is None:
            raise SystemExit(f"a launch failed: {outcome.stderr}")
        values.append(value)
        taken += outcome.wall_ns / 1e9
    of.logs.append(float(np.log(values[0] / values[1])))
    of.seconds.append(taken)
    print(f"block {block} {profile}: {np.expm1(of.logs[-1]):+.2%} in {taken:.1f} s", file=sys.stderr)


def told(seen: dict[str, Seen], blocks: int, cpus: str) -> int:
    """Print the figures; the exit code."""
    ours, theirs = seen["default"], seen["edgebench"]
    factor = theirs.cost / ours.cost
    low, high = (factor / float(stats.f.ppf(part, blocks - 1, blocks - 1)) for part in (0.975, 0.025))
    load = " ".join(f"{each:.1f}" for each in os.getloadavg())
    print(f"{ours.cell.cell.id}, CPUs {cpus}, load average {load}, {blocks} pairs of each")
    for name, of in (("ours", ours), ("2019 study", theirs)):
        spread, seconds = np.std(of.logs, ddof=1), np.mean(of.seconds)
        minutes = ", ".join(f"±{width:.1%}: {_minutes(of.minutes(width))}" for width in WIDTHS)
        print(f"{name.ljust(10)}  a pair {seconds:.1f} s, between pairs {spread:.2%}; {minutes}")
    print(
        f"ours takes {factor:.1f} times less [{low:.1f}, {high:.1f}]: {'holds' if factor >= CLAIM else 'does not hold'}"
    )
    return 0 if factor >= CLAIM else 1


def _minutes(minutes: float | None) -> str:
    return "too long" if minutes is None else f"{minutes:.1f} min"


if __name__ == "__main__":
    sys.exit(main())
