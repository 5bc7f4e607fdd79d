"""Inside a launch, on launches whose truth is known: start, drift, outliers, and where the spread comes from."""

import warnings
from math import sqrt
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from statsmodels.regression.mixed_linear_model import MixedLM

from analysis.data.launches import Launch, load
from analysis.report.stats.stability import PART_COLUMNS, PARTS, describe, look, part_medians
from analysis.report.stats.tail import tails
from analysis.report.stats.variance import split
from bench.journal.journal import Run
from tests.support.synthetic import Truth, line

TRUTH = Truth()
RANDOM = np.random.default_rng


def looked(launches: dict[tuple[str, int], np.ndarray]) -> list[Launch]:
    """What is seen inside launches that have these samples (ns), by arm and block."""
    lines = [line(TRUTH, arm, block, [int(x) for x in samples]) for (arm, block), samples in launches.items()]
    run = Run(Path(), {}, lines)
    return look(run, load(run).launches).to_dict("records")


def samples(random: np.random.Generator, n: int = 100, start: float = 0.0, drift: float = 0.0) -> np.ndarray:
    """Samples of one launch: the first fifth slower by `start`, all rising by `drift` from first to last (logs)."""
    trend = np.where(np.arange(n) < n / PARTS, start, 0.0) + np.linspace(0, drift, n)
    return np.exp(np.log(12e6) + random.normal(0, 0.01) + trend + random.normal(0, 0.02, n))


def described(**effect: float) -> dict[str, Any]:
    random = RANDOM(3)
    return describe(looked({("native", block): samples(random, **effect) for block in range(1, 21)}))


def test_a_steady_launch_is_called_so() -> None:
    found = described()
    assert not found["start"]["noticed"]
    assert not found["drift"]["noticed"]
    assert found["launches"] == 20


def test_a_slow_start_is_noticed_and_measured() -> None:
    start = described(start=0.05)["start"]
    assert start["noticed"]
    assert start["ci95"][0] < np.expm1(0.05) < start["ci95"][1]


def test_drift_is_noticed_and_is_no_slow_start() -> None:
    found = described(drift=0.1)
    assert found["drift"]["noticed"]
    assert found["drift"]["change"] == pytest.approx(0.06, abs=0.02)  # from the middle of part 2 to that of part 5
    assert found["start"]["change"] < 0


def test_what_is_sure_and_too_small_is_not_spoken_of() -> None:
    found = described(start=0.004)["start"]
    assert not found["noticed"]


def test_of_launches_that_are_steady_few_are_called_unsteady() -> None:
    random, called = RANDOM(5), 0
    for _ in range(60):
        rows = looked({("native", block): samples(random, n=50) for block in range(1, 9)})
        found = describe(rows)
        called += found["start"]["noticed"] + found["drift"]["noticed"]
    assert called <= 12  # of 120, at 5 % each: exceeded once in a thousand


def test_samples_far_out_are_counted() -> None:
    launch = np.full(100, 1e6) + np.arange(100)
    launch[[10, 50, 90]] = 5e6
    assert describe(looked({("native", 1): launch, ("native", 2): launch}))["far"] == pytest.approx(0.03)


def test_parts_are_in_the_order_of_time_and_leave_the_rest_out_at_the_front() -> None:
    medians = part_medians(np.array([999, *[10] * 4, *[20] * 4, *[30] * 4, *[40] * 4, *[50] * 4]))
    assert np.exp(medians) == pytest.approx([10, 20, 30, 40, 50])


@pytest.mark.parametrize("count", [0, 1])
def test_too_few_launches_say_nothing(count: int) -> None:
    launches = {("native", block + 1): samples(RANDOM(1)) for block in range(count)}
    found = describe(looked(launches))
    assert found["start"] == {"change": None, "ci95": None, "noticed": False}


def test_launches_with_few_samples_are_left_out() -> None:
    [row] = looked({("native", 1): np.full(PARTS * 4 - 1, 10)})
    assert np.isnan(row["start"])
    assert describe([row])["launches"] == 0


def nested(seed: int, blocks: int = 40, sd: tuple[float, float, float] = (0.03, 0.02, 0.01)) -> list[Launch]:
    """Rows as `look` makes them, with known spread of blocks, launches and parts (logs)."""
    random = RANDOM(seed)
    rows = []
    for block in range(1, blocks + 1):
        shared = random.normal(0, sd[0])
        for arm, level in (("container", 0.01), ("rootfs", 0.0), ("native", -0.01)):
            parts = level + shared + random.normal(0, sd[1]) + random.normal(0, sd[2], PARTS)
            rows.append({"arm": arm, "block": block, "n": 100, "launch_s": 1.0, "sample_s": 0.01}
                        | dict(zip(PART_COLUMNS, parts, strict=True)))  # fmt: skip
    return rows


def test_the_split_is_that_of_a_mixed_model() -> None:
    """REML of a balanced design is the method of moments: an independent program must say the same."""
    rows = nested(1)
    found = split(rows)
    assert found is not None
    long = pd.DataFrame(rows).melt(id_vars=["arm", "block"], value_vars=PART_COLUMNS, var_name="part", value_name="y")
    long["launch"] = long["arm"] + long["block"].astype(str)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the optimiser's remarks
        peer = MixedLM.from_formula(
            "y ~ C(arm):C(part)", groups="block", vc_formula={"launch": "0 + C(launch)"}, re_formula="1", data=long
        ).fit()
    assert found["block_sd"] == pytest.approx(sqrt(peer.cov_re.iloc[0, 0]), rel=0.02)
    assert found["launch_sd"] == pytest.approx(sqrt(peer.vcomp[0]), rel=0.02)
    assert found["sample_sd"] == pytest.approx(sqrt(peer.scale / PARTS * 100), rel=0.02)


def test_the_truth_is_found_on_average() -> None:
    found = pd.DataFrame([split(nested(seed)) for seed in range(30)])
    assert (found["launch_sd"] ** 2).mean() == pytest.approx(0.02**2, rel=0.1)
    assert (found["block_sd"] ** 2).mean() == pytest.approx(0.03**2, rel=0.15)


def test_samples_per_launch_are_those_of_kalibera_and_jones() -> None:
    found = split(nested(2, blocks=400))
    assert found is not None
    sample_variance = 0.01**2 / PARTS * 100
    assert found["samples_per_launch"] == pytest.approx(sqrt(1.0 / 0.01 * sample_variance / 0.02**2), rel=0.15)
    assert 0 < found["narrower"] <= 1


def test_no_other_number_of_samples_gives_a_narrower_interval_in_the_same_time() -> None:
    found = split(nested(2))
    assert found is not None
    launch, sample = found["launch_sd"] ** 2, found["sample_sd"] ** 2

    def width(n: int) -> float:
        return sqrt((launch + sample / n) * (found["launch_s"] + n * found["sample_s"]))

    assert min(range(1, 500), key=width) == pytest.approx(found["samples_per_launch"], abs=1)
    assert width(found["samples_per_launch"]) / width(100) == pytest.approx(found["narrower"])


def test_launches_that_add_nothing_ask_for_no_number() -> None:
    splits = [split(nested(seed, sd=(0.0, 0.0, 0.05))) for seed in range(20)]
    asked = {(found["launch_sd"] == 0, found["samples_per_launch"] is None) for found in splits if found}
    assert asked == {(True, True), (False, False)}  # a component of nothing comes out negative in half of experiments


def test_blocks_that_lack_an_arm_are_left_out() -> None:
    rows = nested(1)
    assert split(rows) == split([*rows, next(row for row in rows if row["arm"] == "native") | {"block": 99}])
    assert split([row for row in rows if row["block"] == 1]) is None


@pytest.mark.parametrize(("count", "told"), [(999, []), (1000, ["p99"]), (9999, ["p99"]), (10_000, ["p99", "p99.9"])])
def test_a_tail_is_told_where_ten_samples_lie_beyond_it(count: int, told: list[str]) -> None:
    launch = np.arange(1, count + 1) * 1000
    found = tails(looked({("native", 1): launch, ("native", 2): launch[:100]}))
    assert [name for name, tail in found.items() if tail] == told
    for name in told:
        quantile = {"p99": 0.99, "p99.9": 0.999}[name]
        assert found[name] == {"ms": pytest.approx(np.quantile(launch, quantile) / 1e6), "launches": 1}
