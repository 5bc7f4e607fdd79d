"""From integrated channels to joules per inference, and what they are uncertain by (docs/method.md, Energy).

Three parts: too few readings, the meter's limits of error, and the power at rest that is subtracted. Limits are taken
for rectangular distributions. Several channels are added up: their random parts in quadrature, their meters' limits as
they are, since one chip often measures them all.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import hypot, isnan, nan, sqrt
from typing import Any

from analysis.data.energy_integral import Joules, NoEnergy

ROOT3 = sqrt(3)
K = 2  # of the expanded uncertainties: about 95 %


@dataclass(frozen=True)
class Part:
    """One channel: what it counted during the inferences and at rest before them, and what is said of it."""

    active: Joules
    rest: Joules
    channel: Mapping[str, Any]

    @property
    def above(self) -> float:
        """The energy above what rest would have taken, in J."""
        return self.active.joules - self.rest.watts * self.active.seconds

    def limit(self, joules: float, seconds: float) -> float:
        """How far off such an energy may be by the vendor's word, in J; NaN without one."""
        accuracy = self.channel.get("accuracy")
        try:
            relative, absolute = (float(accuracy[key]) for key in ("relative", "absolute"))  # type: ignore[index]
        except (KeyError, TypeError, ValueError):
            return nan
        return relative * abs(joules) + absolute * seconds


def per_inference(parts: Sequence[Part], inferences: int) -> dict[str, float]:
    """The figures of analysis/data/energy.py's columns. Raises NoEnergy when the meter saw nothing go in."""
    seconds = parts[0].active.seconds
    joules = sum(part.active.joules for part in parts)
    if joules <= 0:
        raise NoEnergy(f"the meter said {joules:g} J")
    sampling = hypot(*(part.active.uncertainty for part in parts))
    baseline = seconds * hypot(*(part.rest.uncertainty / part.rest.seconds for part in parts))
    meter = sum(part.limit(part.active.joules, seconds) for part in parts) / ROOT3
    # Of a difference a constant error goes away, and a relative one is of the difference.
    gain = sum(part.limit(part.above, 0.0) for part in parts) / ROOT3
    figures = {
        "energy_j": joules,
        "energy_uncertainty_j": K * hypot(sampling, _known(meter)),
        "energy_sampling_j": sampling,
        "energy_meter_j": meter,
        "energy_idle_subtracted_j": sum(part.above for part in parts),
        "energy_idle_subtracted_uncertainty_j": K * hypot(sampling, baseline, _known(gain)),
        "energy_baseline_j": baseline,
    }
    powers = {"power_w": joules / seconds, "idle_power_w": sum(part.rest.watts for part in parts)}
    return {name: value / inferences for name, value in figures.items()} | powers


def _known(value: float) -> float:
    return 0.0 if isnan(value) else value
