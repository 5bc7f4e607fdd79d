"""The pass rule on ratios whose truth is known: how often a healthy instrument fails, and whether a broken one does."""

import numpy as np
import pytest
from scipy import stats

from analysis.experiments.selftest_rule import FALSE, blocks_for, judge, level_of, pooled
from analysis.report.stats.ratios import Difference
from bench.run.experiments.selftest_arms import DOSES

PAIRS = 3
CHECKS = PAIRS + len(DOSES)
SHAPES = {
    "normal": lambda random, size: random.normal(size=size),
    "heavy tails": lambda random, size: random.standard_t(3, size) / 3**0.5,
    "now and then far slower": lambda random, size: (
        random.normal(size=size) + np.where(random.random(size) < 0.05, random.exponential(8, size), 0)
    ),
}


def selftest(random, blocks: int, noise: float, shape, truth=lambda dose: dose) -> list:
    """The judgements of one self-test, whose slowed arm is slower by truth(dose): every launch has its own noise."""

    def arm() -> np.ndarray:
        return noise * shape(random, blocks)

    level, base = level_of(CHECKS), [arm() for _ in range(PAIRS)]
    known = [(1.0, each - arm()) for each in base]
    known += [(1 + dose / 100, np.log1p(truth(dose) / 100) + arm() - base[0]) for dose in DOSES]
    return [judge(Difference(logs), ratio, level) for ratio, logs in known]


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("blocks", [5, 20])
def test_a_healthy_instrument_fails_less_than_once_in_a_hundred(shape, blocks):
    random, times = np.random.default_rng(blocks), 1000
    failed = sum(any(check.failed for check in selftest(random, blocks, 0.02, SHAPES[shape])) for _ in range(times))
    # The rule promises FALSE at most; what that many experiments may show by chance, once in a million, is allowed.
    assert failed <= stats.binom.ppf(1 - 1e-6, times, FALSE)


@pytest.mark.parametrize("dose", DOSES)
def test_the_level_that_decides_covers_a_dose_as_often_as_it_says(dose):
    random, times, level = np.random.default_rng(dose), 4000, 0.95
    logs = np.log1p(dose / 100) + random.normal(0, 0.02, (times, 12))
    covered = sum(not judge(Difference(row), 1 + dose / 100, level).failed for row in logs)
    assert stats.binom.ppf(1e-4, times, level) <= covered <= stats.binom.ppf(1 - 1e-4, times, level)


@pytest.mark.parametrize(
    "broken",
    [
        pytest.param(lambda dose: 0, id="does not see slowdowns"),
        pytest.param(lambda dose: 2 * dose, id="sees them twice"),
        pytest.param(lambda dose: -dose, id="takes slower for faster"),
        pytest.param(lambda dose: dose + 3, id="is off by three percent"),
    ],
)
def test_a_broken_instrument_fails(broken):
    random = np.random.default_rng(5)
    for _ in range(50):
        assert any(check.failed for check in selftest(random, 15, 0.01, SHAPES["normal"], broken))


def test_two_arms_that_differ_are_not_called_equal():
    random = np.random.default_rng(3)
    logs = 0.03 + random.normal(0, 0.01, 15)
    assert judge(Difference(logs), 1.0, level_of(CHECKS)).outcome == "unequal"


def test_noise_makes_doses_too_small_and_fails_nothing():
    random = np.random.default_rng(4)
    checks = selftest(random, 8, 0.3, SHAPES["normal"])
    assert {check.outcome for check in checks} <= {"too-noisy", "too-small"}
    assert not any(check.failed for check in checks)


def test_what_comes_out_faster_is_no_dose_found():
    noise = np.random.default_rng(1).normal(size=14)
    found = Difference(-0.25 + 0.35 * (noise - noise.mean()) / noise.std(ddof=1))
    assert found.ci95[1] < 1
    assert judge(found, 1.01, level_of(CHECKS)).outcome == "too-small"


def test_a_quiet_machine_finds_every_dose():
    checks = selftest(np.random.default_rng(6), 20, 0.002, SHAPES["normal"])
    assert [check.outcome for check in checks] == ["equal"] * PAIRS + ["found"] * len(DOSES)


def test_an_injection_may_be_as_inexact_as_it_says_and_no_more():
    logs = np.log(1.012) + np.array([-1e-4, 1e-4, 0, 1e-4, -1e-4])
    assert judge(Difference(logs), 1.01, 0.99, inexact=0.003).outcome == "found"
    assert judge(Difference(logs), 1.01, 0.99, inexact=0.0005).outcome == "missed"
    assert judge(Difference(-logs), 1.01, 0.99, inexact=0.003).outcome == "missed"


def test_the_spread_of_several_pairs_is_pooled():
    assert pooled([Difference(np.array([-0.1, 0.1])), Difference(np.array([0.0, 0.0]))]) == pytest.approx(0.1)


@pytest.mark.parametrize("width", [0.05, 0.01, 0.005])
def test_so_many_blocks_reach_the_width_and_one_fewer_does_not(width):
    blocks = blocks_for(width, 0.02)
    reach = [stats.t.ppf(0.975, n - 1) * 0.02 / n**0.5 for n in (blocks - 1, blocks)]
    assert reach[1] <= np.log1p(width) < reach[0]


def test_what_takes_too_many_blocks_has_no_number():
    assert blocks_for(0.005, 5.0) is None


def test_the_level_is_shared_by_the_checks():
    assert level_of(1) == pytest.approx(0.99)
    assert level_of(7) == pytest.approx(1 - 0.01 / 7)
