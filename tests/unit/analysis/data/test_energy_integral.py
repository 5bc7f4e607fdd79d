"""Joules from readings: exact where the power is, and honest about what lies between readings where it is not."""

import numpy as np
import pytest

from analysis.data.energy_integral import Joules, NoEnergy, Series, integrate, series_of

START, END = 100.0, 120.0


def sampled(at, watts, period=0.1) -> Series:
    return Series(np.asarray(at, float), np.asarray(watts, float), period, counts=False)


def counted(at, joules, period=0.1) -> Series:
    return Series(np.asarray(at, float), np.asarray(joules, float), period, counts=True)


def moments(random: np.random.Generator, period: float = 0.1, start: float = 95.0, end: float = 125.0):
    """Readings as the sampler makes them: one at a random moment of each period."""
    steps = np.arange(round((end - start) / period))
    return start + (steps + random.random(len(steps))) * period


def test_a_constant_power_is_exact_and_certain():
    at = moments(np.random.default_rng(1))
    found = integrate(sampled(at, np.full(len(at), 6.0)), START, END)
    assert found == Joules(pytest.approx(120.0), pytest.approx(0.0, abs=1e-9), 20.0)
    assert found.watts == pytest.approx(6.0)


def test_a_power_that_drifts_is_followed_and_costs_no_certainty():
    at = moments(np.random.default_rng(1))
    found = integrate(sampled(at, 5 + 0.1 * (at - START)), START, END)
    assert found.joules == pytest.approx(5 * 20 + 0.1 * 200, rel=1e-3)
    assert found.uncertainty < 0.02


def test_what_was_read_before_and_after_is_not_in_it():
    at = moments(np.random.default_rng(1))
    found = integrate(sampled(at, np.where((at >= START) & (at <= END), 6.0, 1.0)), START, END)
    assert found.joules == pytest.approx(120.0)


@pytest.mark.parametrize("beat", [0.05, 0.1, 0.013])
def test_the_uncertainty_holds_the_truth_where_power_changes_between_readings(beat):
    """8 W for a third of each beat and 2 W else: too fast to see, and at 0.1 s of the very period of the sampler."""
    truth = 20 * (8 / 3 + 2 * 2 / 3)
    inside = 0
    for seed in range(1000):
        at = moments(np.random.default_rng(seed))
        found = integrate(sampled(at, np.where((at % beat) < beat / 3, 8.0, 2.0)), START, END)
        inside += abs(found.joules - truth) <= 2 * found.uncertainty
    assert 0.93 <= inside / 1000 <= 0.97


def test_more_readings_make_it_more_certain():
    random = np.random.default_rng(3)
    few, many = (
        integrate(sampled(at, random.normal(6, 1, len(at)), period), START, END)
        for period in (0.5, 0.01)
        for at in [moments(random, period)]
    )
    assert few.uncertainty / many.uncertainty == pytest.approx(np.sqrt(50), rel=0.35)


def test_a_counter_s_difference_is_exact_but_for_its_ends():
    at = np.arange(95, 125, 0.1)
    found = integrate(counted(at, 50 + 6 * (at - 95)), START, END)
    assert found.joules == pytest.approx(120.0)
    assert found.uncertainty == pytest.approx(0.6 * np.sqrt(2) / np.sqrt(12), rel=1e-6)


@pytest.mark.parametrize(
    ("series", "said"),
    [
        (sampled([], []), "0 readings in 20.0 s, and 5 are needed"),
        (sampled([90, 91, 92, 93, 94, 95], [1] * 6), "0 readings"),
        (sampled([100, 101, 102, 103, 110, 120], [1] * 6), "silent for 10.0 of 20.0 s"),
        (sampled([100, 101, 102, 103, 104, 105], [1] * 6), "silent for 15.0 of 20.0 s"),
        (counted([], []), "do not cover"),
        (counted([101, 125], [0, 1]), "do not cover"),
        (counted([95, 119], [0, 1]), "do not cover"),
        (counted([95, 125], [0, 1]), "silent for 20.0 of 20.0 s"),
    ],
)
def test_too_few_readings_are_no_energy(series, said):
    with pytest.raises(NoEnergy, match=said):
        integrate(series, START, END)


def test_a_slow_meter_is_not_silent():
    at = np.arange(95, 125, 2.5)
    assert integrate(sampled(at, np.full(len(at), 2.0), period=2.5), START, END).joules == pytest.approx(40)


@pytest.mark.parametrize(
    ("readings", "said"),
    [
        ({}, "it has no readings"),
        ({"t_ns": [1, 2]}, "it has no readings"),
        ({"t_ns": [2, 1], "values": [1, 1]}, "damaged"),
        ({"t_ns": [1, 2], "values": [1]}, "damaged"),
        ({"t_ns": [1, 2], "values": [1, float("nan")]}, "damaged"),
        ({"t_ns": [1, 10**30], "values": [1, 2]}, "no readings"),
        ({"t_ns": [[1], [2]], "values": [1, 2]}, "damaged"),
        ({"t_ns": "ab", "values": [1, 2]}, "no readings"),
        ({"t_ns": [1, 2], "values": ["a", 2]}, "no readings"),
    ],
)
def test_readings_that_are_none_are_said(readings, said):
    with pytest.raises(NoEnergy, match=said):
        series_of({"period_s": 0.1, "readings": {"a": readings}}, {"channel": "a", "method": "sampled"})


def test_a_counter_that_went_back_is_damaged():
    with pytest.raises(NoEnergy, match="went back"):
        counted([1, 2, 3], [0, 2, 1])
