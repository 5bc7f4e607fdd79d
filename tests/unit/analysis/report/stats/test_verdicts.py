"""Verdicts over many ratios, on data whose truth is known: errors at the margins, discoveries, and why not to pool."""

from collections import Counter
from collections.abc import Sequence

import numpy as np
import pytest
from scipy import stats
from statsmodels.stats.weightstats import ttost_paired

from analysis.report.stats.ratios import Difference, LaunchMedians, difference
from analysis.report.stats.verdicts import MARGINS, Judged, adjust, judge

REPETITIONS = 1000
SD = {0.01: 0.004, 0.05: 0.02}  # of a block's log ratio: noise at which the margin can be met, and is not always


def differences(truth: float, sd: float, blocks: int = 20, repetitions: int = REPETITIONS, seed: int = 1):
    random = np.random.default_rng(seed)
    return [Difference(np.log(truth) + random.normal(0, sd, blocks)) for _ in range(repetitions)]


def most(error: float, repetitions: int = REPETITIONS) -> float:
    """The binomial bound that a right test of this error exceeds once in ten thousand."""
    return float(stats.binom.ppf(0.9999, repetitions, error)) / repetitions


def share(judged: Sequence[Judged], verdict: str) -> float:
    return Counter(each.verdict for each in judged)[verdict] / len(judged)


def alone(found: Difference, margin: float) -> str:
    [judged] = judge([found], margin)
    return judged.verdict


@pytest.mark.parametrize("margin", MARGINS)
@pytest.mark.parametrize("side", [1, -1])
def test_at_either_margin_equivalence_is_claimed_in_5_percent_of_experiments(margin: float, side: int) -> None:
    found = [alone(each, margin) for each in differences((1 + margin) ** side, SD[margin])]
    claimed = found.count("equivalent") / REPETITIONS
    assert 0.02 <= claimed <= most(0.05)


def test_p_values_are_those_of_statsmodels_and_scipy() -> None:
    random = np.random.default_rng(5)
    for margin in MARGINS:
        a, b = random.lognormal(0, 0.02, 12), random.lognormal(0.01, 0.02, 12)
        found = Difference(np.log(a / b))
        peer = ttost_paired(a, b, 1 / (1 + margin), 1 + margin, transform=np.log)[0]
        assert found.p_equivalent(margin) == pytest.approx(peer)
        assert found.p_different == pytest.approx(stats.ttest_rel(np.log(a), np.log(b)).pvalue)


def test_what_is_equivalent_within_1_percent_is_so_within_5() -> None:
    for found in differences(1.004, 0.01, repetitions=200):
        assert found.p_equivalent(0.01) >= found.p_equivalent(0.05)


def test_of_what_is_called_different_at_most_5_percent_are_not() -> None:
    """20 pairs of arms that do not differ beside 5 that do, again and again: the share of false ones, on average."""
    false = []
    for seed in range(100):
        same = differences(1.0, 0.05, repetitions=20, seed=seed)
        unlike = differences(1.06, 0.05, repetitions=5, seed=1000 + seed)
        called = [each.verdict == "different" for each in judge([*same, *unlike], 0.01)]
        false.append(sum(called[:20]) / max(1, sum(called)))
    assert np.mean(false) <= 0.05 + 3 * np.std(false) / 10


def test_of_what_is_called_equivalent_at_most_5_percent_are_not() -> None:
    false = []
    for seed in range(100):
        unlike = differences(1.05, 0.03, repetitions=20, seed=seed)
        same = differences(1.0, 0.03, repetitions=20, seed=1000 + seed)
        called = [each.verdict == "equivalent" for each in judge([*unlike, *same], 0.05)]
        false.append(sum(called[:20]) / max(1, sum(called)))
    assert np.mean(false) <= 0.05 + 3 * np.std(false) / 10


def test_one_ratio_is_judged_as_if_there_were_no_others() -> None:
    for found in differences(1.02, 0.03, repetitions=50):
        [judged] = judge([found], 0.05)
        assert (judged.q_different, judged.q_equivalent) == pytest.approx((found.p_different, found.p_equivalent(0.05)))


def test_the_blocks_that_are_missing_count_what_the_others_ask_for() -> None:
    """Among many that differ for sure, one more discovery is cheap; among many that do not, it is dear."""
    open_one = Difference(np.array([0.0, 0.03, 0.01, 0.04, -0.02, -0.01, 0.03, 0.0]))
    clear = differences(1.5, 0.01, repetitions=19)
    nothing = differences(1.0, 0.3, blocks=5, repetitions=19)
    cheap, dear = (judge([open_one, *others], 0.005)[0] for others in (clear, nothing))
    assert [cheap.verdict, dear.verdict] == ["inconclusive"] * 2
    assert open_one.more_blocks(0.005) <= cheap.more_blocks < dear.more_blocks


def test_the_half_width_says_how_far_the_interval_reaches() -> None:
    for found in differences(1.1, 0.02, repetitions=20):
        low, high = found.ci95
        assert high == pytest.approx(found.ratio * (1 + found.half_width))
        assert low == pytest.approx(found.ratio / (1 + found.half_width))


def test_nothing_to_judge() -> None:
    assert judge([], 0.05) == adjust([], []) == []


def launches(random: np.random.Generator, blocks: int, samples: int) -> np.ndarray:
    """Samples (arm, block, sample) of two arms that are the same: drift of blocks, spread of launches and samples."""
    level = random.normal(np.log(12e6), 0.02, (1, blocks, 1)) + random.normal(0, 0.01, (2, blocks, 1))
    return np.exp(level + random.normal(0, 0.02, (2, blocks, samples)))


def test_from_samples_to_the_interval_the_truth_is_covered_and_pooling_would_not() -> None:
    random, covered, pooled = np.random.default_rng(8), 0, 0
    for _ in range(600):
        a, b = launches(random, 20, 60)
        medians = [LaunchMedians(dict(enumerate(np.median(arm, axis=1).tolist(), 1))) for arm in (a, b)]
        found = difference(*medians)
        assert found is not None
        covered += found.ci95[0] <= 1 <= found.ci95[1]
        low, high = stats.ttest_ind(np.log(a).ravel(), np.log(b).ravel()).confidence_interval()
        pooled += low <= 0 <= high
    assert 0.93 - 0.02 <= covered / 600 <= 0.97 + 0.01  # 600 repetitions tell to two percent
    assert pooled / 600 < 0.6, "the simulated launches must be such that pooling would be wrong"
