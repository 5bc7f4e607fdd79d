"""Joules from what a power channel said, and how far off they may be for want of readings.

A sampled power is integrated by the trapezoidal rule. Between readings the power may have been anything; what is known
of it is how far readings lie from the line between their neighbours. Readings fall at random moments (runner/sense.py),
so that this scatter is the power's own, fast changes included: with its standard deviation s over n readings the mean
power is uncertain by some s / √n. Slow changes, which the trapezoids follow, are not in s.

A counter's difference is exact but for its two ends, which fall between readings: each is uncertain by the energy of
the step that it falls in, as a rectangular distribution of that width.
"""

from dataclasses import dataclass
from math import hypot, sqrt
from typing import Any

import numpy as np
from numpy.typing import NDArray

FEWEST = 5  # readings without which nothing is known of what lies between them
SILENCE = 0.1  # part of the time that may pass without a reading, unless the sensor is that slow
PERIODS = 5  # after which a sensor is late


class NoEnergy(Exception):
    """Why there is no number, in one line."""


@dataclass(frozen=True)
class Series:
    """The readings of one channel: moments in s, ascending, and values. `period` is the s from one to the next."""

    at: NDArray[np.float64]
    values: NDArray[np.float64]
    period: float
    counts: bool  # J since some moment, not W

    def __post_init__(self) -> None:
        if len(self.at) != len(self.values) or np.any(np.diff(self.at) < 0):
            raise NoEnergy("its readings are damaged")
        if self.counts and np.any(np.diff(self.values) < 0):
            raise NoEnergy("its counter went back")


@dataclass(frozen=True)
class Joules:
    """Energy in J over some seconds, with the standard uncertainty that too few readings leave."""

    joules: float
    uncertainty: float
    seconds: float

    @property
    def watts(self) -> float:
        """The mean power."""
        return self.joules / self.seconds


def integrate(series: Series, start: float, end: float) -> Joules:
    """The energy between two moments. Raises NoEnergy when there are too few readings."""
    return _counted(series, start, end) if series.counts else _sampled(series, start, end)


def _sampled(series: Series, start: float, end: float) -> Joules:
    inside = (series.at >= start) & (series.at <= end)
    at, watts = series.at[inside], series.values[inside]
    seconds = end - start
    if len(at) < FEWEST:
        raise NoEnergy(f"{len(at)} readings in {seconds:.1f} s, and {FEWEST} are needed")
    _heard(np.concatenate([[start], at, [end]]), series, seconds)
    # The load begins and ends with the window: what was read outside of it says nothing of its first and last moment.
    weights = np.diff(np.concatenate([[start], (at[1:] + at[:-1]) / 2, [end]]))  # s that each reading stands for
    return Joules(float(weights @ watts), _strays(at, watts) * float(np.linalg.norm(weights)), seconds)


def _strays(at: NDArray[np.float64], watts: NDArray[np.float64]) -> float:
    """The standard deviation of readings around the line between their neighbours.

    Of independent readings of variance v such a difference has the variance v (1 + a² + b²), a and b being the weights
    of the two neighbours.
    """
    left, right = at[1:-1] - at[:-2], at[2:] - at[1:-1]
    span = np.where(left + right > 0, left + right, 1.0)
    a, b = right / span, left / span
    strays = watts[1:-1] - a * watts[:-2] - b * watts[2:]
    return float(np.sqrt(np.mean(strays**2 / (1 + a**2 + b**2))))


def _counted(series: Series, start: float, end: float) -> Joules:
    if not len(series.at) or series.at[0] > start or series.at[-1] < end:
        raise NoEnergy("its readings do not cover the inferences")
    seconds = end - start
    inside = series.at[(series.at > start) & (series.at < end)]
    _heard(np.concatenate([[start], inside, [end]]), series, seconds)
    first, last = (float(np.interp(moment, series.at, series.values)) for moment in (start, end))
    width = hypot(_step(series, start), _step(series, end))
    return Joules(last - first, width / sqrt(12), seconds)


def _step(series: Series, moment: float) -> float:
    """The energy between the readings around a moment."""
    after = min(max(int(np.searchsorted(series.at, moment)), 1), len(series.at) - 1)
    return float(series.values[after] - series.values[after - 1])


def _heard(moments: NDArray[np.float64], series: Series, seconds: float) -> None:
    silence = float(np.max(np.diff(moments)))
    if silence > SILENCE * seconds and silence > PERIODS * series.period:
        raise NoEnergy(f"it was silent for {silence:.1f} of {seconds:.1f} s")


def series_of(sensed: Any, channel: Any) -> Series:
    """The readings of a channel in a line of the journal, whatever that holds. Raises NoEnergy."""
    try:
        kept = sensed["readings"][channel["channel"]]
        at = np.asarray(kept["t_ns"], dtype=np.int64) / 1e9
        values = np.asarray(kept["values"], dtype=np.float64)
        period = max(float(sensed["period_s"]), 1 / channel["rate_hz"] if channel.get("rate_hz") else 0.0)
    except (KeyError, TypeError, ValueError, OverflowError, ZeroDivisionError):
        raise NoEnergy("it has no readings") from None
    if at.ndim != 1 or values.ndim != 1 or not np.all(np.isfinite(values)) or not np.isfinite(period):
        raise NoEnergy("its readings are damaged")
    return Series(at, values, period, counts=channel.get("method") == "counter")
