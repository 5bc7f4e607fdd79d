"""Two runs' ratios: intervals cover, verdicts follow, and of many cells that did not change few are called changed."""

import numpy as np
import pytest
from scipy import stats

from analysis.compare.ratio import Ratio, compare_launches, judge_all
from analysis.report.stats.ratios import LaunchMedians


def medians(values: np.ndarray) -> LaunchMedians:
    return LaunchMedians(dict(enumerate(map(float, values), 1)))


def pairs(ratio: float, *, cells: int = 400, launches: int = 20, sd: float = 0.02, seed: int = 1) -> list[Ratio]:
    random = np.random.default_rng(seed)
    a = 1e7 * random.lognormal(0, sd, (cells, launches))
    b = 1e7 * ratio * random.lognormal(0, sd, (cells, launches))
    return [compare_launches(medians(x), medians(y)) for x, y in zip(a, b, strict=True)]


def test_it_is_welch_on_logarithms() -> None:
    random = np.random.default_rng(3)
    a, b = random.lognormal(16, 0.05, 12), random.lognormal(16.1, 0.02, 30)
    found = compare_launches(medians(a), medians(b))
    peer = stats.ttest_ind(np.log(b), np.log(a), equal_var=False)
    assert found.ratio == pytest.approx(np.exp(np.log(b).mean() - np.log(a).mean()))
    assert found.ci95 == pytest.approx(tuple(np.exp(peer.confidence_interval())))
    assert found.p_different == pytest.approx(peer.pvalue)


@pytest.mark.parametrize("ratio", [1.0, 1.1])
def test_intervals_cover_the_truth_as_often_as_they_say(ratio: float) -> None:
    found = pairs(ratio, cells=1500)
    assert 0.93 <= np.mean([low <= ratio <= high for low, high in (x.ci95 for x in found)]) <= 0.97


@pytest.mark.parametrize("ratio", [1.05, 1 / 1.05])
def test_at_the_margin_equivalence_is_claimed_in_5_percent_of_comparisons(ratio: float) -> None:
    found = pairs(ratio, cells=1500, sd=0.04)
    claimed = np.mean([x.p_equivalent <= 0.05 for x in found])
    assert 0.02 <= claimed <= stats.binom.ppf(0.9999, 1500, 0.05) / 1500


def test_equivalence_is_the_90_percent_interval_within_the_margin() -> None:
    random = np.random.default_rng(5)
    for _ in range(50):
        a, b = random.lognormal(0, 0.05, 10), random.lognormal(0.02, 0.03, 8)
        low, high = np.exp(stats.ttest_ind(np.log(b), np.log(a), equal_var=False).confidence_interval(0.9))
        within = low >= 1 / 1.05 and high <= 1.05
        assert (compare_launches(medians(a), medians(b), 0.05).p_equivalent <= 0.05) == within


def test_runs_that_are_the_same_are_equivalent_and_no_regression() -> None:
    judged = judge_all(pairs(1.0), threshold=0.0)
    assert np.mean([x.verdict == "equivalent" for x in judged]) > 0.95
    assert not any(x.regression for x in judged)


def test_of_many_cells_without_a_change_hardly_one_is_called_different() -> None:
    """Noise that is too wide for equivalence: at 5 % each, some 20 of 400 would be called different."""
    found = pairs(1.0, sd=0.2)
    assert sum(x.p_different <= 0.05 for x in found) > 8
    assert sum(x.verdict == "different" for x in judge_all(found, 0.05)) <= 1


def test_a_slowdown_of_10_percent_is_found_among_cells_that_did_not_change() -> None:
    judged = judge_all([*pairs(1.0, cells=90), *pairs(1.1, cells=10, seed=2)], threshold=0.05)
    assert [x.regression for x in judged] == [False] * 90 + [True] * 10


def test_faster_is_different_and_no_regression() -> None:
    assert {(x.verdict, x.regression) for x in judge_all(pairs(0.8, cells=5), 0.05)} == {("different", False)}


def test_the_threshold_does_not_depend_on_the_margin() -> None:
    found = pairs(1.03, cells=5, launches=40, sd=0.01)
    assert {(x.verdict, x.regression) for x in judge_all(found, 0.01)} == {("equivalent", True)}
    assert {(x.verdict, x.regression) for x in judge_all(found, 0.05)} == {("equivalent", False)}


@pytest.mark.parametrize(("ratio", "verdict"), [(1.0, "equivalent"), (1.04, "equivalent"), (1.06, "different")])
def test_launches_that_are_all_the_same_are_no_division_by_zero(ratio: float, verdict: str) -> None:
    found = compare_launches(medians(np.full(5, 1e6)), medians(np.full(4, ratio * 1e6)))
    assert found.ratio == pytest.approx(ratio)
    [judged] = judge_all([found], 0.05)
    assert (judged.verdict, judged.regression) == (verdict, ratio > 1.05)


def test_one_launch_has_no_variance() -> None:
    with pytest.raises(ValueError, match="at least 2"):
        compare_launches(medians(np.array([1.0])), medians(np.array([1.0, 2.0])))


def test_nothing_to_judge() -> None:
    assert judge_all([], 0.05) == []
