"""The statistics, on data whose truth is known: how often the interval covers it, how often the verdict is wrong."""

from collections import Counter

import numpy as np
import pytest
from scipy import stats

from analysis.report.stats.ratios import Estimate, LaunchMedians, estimate

REPETITIONS = 2000
BLOCKS = 20


def experiments(
    ratio: float, blocks: int = BLOCKS, sd: float = 0.01, repetitions: int = REPETITIONS, seed: int = 11
) -> list[Estimate]:
    """Experiments with drift that blocks share and noise that launches have of their own."""
    random = np.random.default_rng(seed)
    drift = random.normal(np.log(12e6), 0.05, (repetitions, blocks))
    a = np.exp(drift + np.log(ratio) + random.normal(0, sd, drift.shape))
    b = np.exp(drift + random.normal(0, sd, drift.shape))
    return [estimate(medians(x), medians(y)) for x, y in zip(a, b, strict=True)]


def medians(values: np.ndarray | list[float]) -> LaunchMedians:
    return LaunchMedians({block: float(value) for block, value in enumerate(values, 1)})


def share(results: list[Estimate], verdict: str) -> float:
    return Counter(result.verdict for result in results)[verdict] / len(results)


@pytest.mark.parametrize(("truth", "seed"), [(1.0, 1), (1.03, 2), (1.10, 3)])
def test_the_interval_covers_the_truth_as_often_as_it_says(truth: float, seed: int) -> None:
    intervals = [result.ci95 for result in experiments(truth, seed=seed) if result.ci95]
    covered = sum(low <= truth <= high for low, high in intervals)
    assert 0.93 <= covered / REPETITIONS <= 0.97


@pytest.mark.parametrize("truth", [1.05, 1 / 1.05])
def test_at_the_margin_equivalence_is_claimed_in_5_percent_of_experiments(truth: float) -> None:
    # the binomial bound that a right test exceeds once in ten thousand
    assert share(experiments(truth), "equivalent") <= stats.binom.ppf(0.9999, REPETITIONS, 0.05) / REPETITIONS


def test_without_a_difference_one_is_claimed_in_at_most_5_percent() -> None:
    noisy = experiments(1.0, sd=0.08)
    assert share(noisy, "different") <= stats.binom.ppf(0.9999, REPETITIONS, 0.05) / REPETITIONS


def test_what_is_clear_is_said() -> None:
    assert share(experiments(1.0, repetitions=200), "equivalent") == 1
    assert share(experiments(1.1, repetitions=200), "different") == 1
    # an interval of ±9 % fits into no margin of 5 %, and excludes 1 in one experiment of twenty
    assert share(experiments(1.0, sd=0.2, repetitions=200), "inconclusive") > 0.9


def test_equivalent_wins_over_a_small_real_difference_and_the_interval_shows_its_sign() -> None:
    result = experiments(1.02, sd=0.002, repetitions=1)[0]
    assert result.verdict == "equivalent"
    assert result.ci95 is not None
    assert result.ci95[0] > 1


def test_the_verdict_is_that_of_the_90_percent_interval() -> None:
    random = np.random.default_rng(5)
    for truth in np.linspace(0.9, 1.1, 60):
        d = np.log(truth) + random.normal(0, 0.03, 8)
        low, high = np.exp(stats.t.interval(0.90, 7, loc=d.mean(), scale=stats.sem(d)))
        within = low >= 1 / 1.05 and high <= 1.05
        assert (estimate(medians(np.exp(d)), medians(np.ones(8))).verdict == "equivalent") == within


def test_drift_that_a_block_shares_is_no_noise() -> None:
    drift = np.linspace(1, 3, 10)
    assert estimate(medians(1.08 * drift), medians(drift)).ratio == pytest.approx(1.08)


def test_only_blocks_with_both_arms_count() -> None:
    result = estimate(LaunchMedians({1: 2.0, 2: 2.0, 9: 500.0}), LaunchMedians({1: 1.0, 2: 1.0, 4: 700.0}))
    assert (result.blocks, result.ratio) == (2, pytest.approx(2.0))


@pytest.mark.parametrize("blocks", [0, 1])
def test_fewer_than_two_blocks_give_no_ratio(blocks: int) -> None:
    result = estimate(medians([1.0] * blocks), medians([1.0] * blocks))
    assert (result.ratio, result.ci95, result.verdict) == (None, None, "inconclusive")
    assert result.reason is not None
    assert "at least 2" in result.reason


@pytest.mark.parametrize(("ratio", "verdict"), [(1.0, "equivalent"), (1.04, "equivalent"), (1.06, "different")])
def test_launches_that_are_all_the_same_are_no_division_by_zero(ratio: float, verdict: str) -> None:
    result = estimate(medians([ratio] * 5), medians([1.0] * 5))
    assert (result.verdict, result.ratio) == (verdict, pytest.approx(ratio))


def test_the_blocks_that_are_missing_are_about_what_it_takes() -> None:
    few = experiments(1.0, blocks=6, sd=0.06, repetitions=300)
    more = int(np.median([result.more_blocks for result in few if result.more_blocks]))
    enough = experiments(1.0, blocks=6 + more, sd=0.06, repetitions=300)
    assert share(few, "inconclusive") > 0.8
    assert share(enough, "inconclusive") == pytest.approx(0.5, abs=0.2)  # as it says: roughly


def test_only_an_inconclusive_result_asks_for_more_blocks() -> None:
    assert {result.more_blocks for result in experiments(1.1, repetitions=50)} == {None}


@pytest.mark.parametrize("pooled", [[1.0, 2.0], np.array([1.0, 2.0]), (1.0,), "12", True, None])
def test_pooling_samples_is_impossible(pooled: object) -> None:
    with pytest.raises(TypeError, match="one median"):
        LaunchMedians({1: pooled})  # type: ignore[dict-item]


@pytest.mark.parametrize("wrong", [0.0, -1.0, float("nan"), float("inf")])
def test_a_median_is_a_duration(wrong: float) -> None:
    with pytest.raises(ValueError, match="no duration"):
        LaunchMedians({1: wrong})
