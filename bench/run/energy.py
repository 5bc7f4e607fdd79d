"""One launch of the energy pass: rest, then inference for some seconds, and what the sensors said all the while.

Nothing is calculated here: readings are kept as they came (docs/results.md); analysis/data/energy.py computes joules
from them.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from time import sleep
from typing import Any

from bench.arms.launch import Arm, Outcome, Spec
from bench.artifacts.request import Prepared
from bench.core.matrix.schema import Energy, Sensing
from bench.hosts.sensors import LOCAL, Event, Sampler


@dataclass(frozen=True)
class EnergyPass:
    """How the launches of a run's energy pass are made; `sense` starts the runner where the sensors are."""

    bounds: Energy
    sensing: Sensing
    sense: Sequence[str] = LOCAL

    def launch(self, arm: Arm, spec: Spec, cell: Prepared, *, sample: bool) -> tuple[Outcome, dict[str, Any] | None]:
        """Run a launch after some seconds of rest, both while the sensors are read; or the same without them.

        Raises HostError.
        """
        assert cell.energy_request is not None
        spec = replace(spec, request=cell.energy_request, timeout=spec.timeout + self.bounds.seconds)
        if not sample:
            sleep(self.bounds.baseline)  # as warm and as rested as the other
            return arm.launch(spec), None
        with Sampler(self.sensing, self.sense) as sampler:
            sampler.wait(self.bounds.baseline)
            outcome = arm.launch(spec)
            return outcome, series(sampler.stop(), self.bounds.baseline)


def series(events: Sequence[Event], baseline: float) -> dict[str, Any]:
    """The sampler's events as the journal keeps them: a list of moments and values for each channel."""
    begun = events[0]["t_ns"]
    readings: dict[str, dict[str, list[Any]]] = {}
    for event in events:
        if event["event"] == "reading":
            for channel, value in event["values"].items():
                kept = readings.setdefault(channel, {"t_ns": [], "values": []})
                kept["t_ns"].append(event["at_ns"])
                kept["values"].append(value)
    end = events[-1] if events[-1]["event"] == "done" else None
    return {
        "period_s": events[0]["period_s"],
        "channels": events[0]["channels"],
        "baseline_ns": [begun, begun + round(baseline * 1e9)],  # by the sampler's clock, which is the runner's too
        "readings": readings,
        "lost": [
            {key: event[key] for key in ("t_ns", "sensor", "channel", "reason")}
            for event in events
            if event["event"] == "lost"
        ],
        "cpu_ns": end["cpu_ns"] if end else None,  # what the sampler itself used
        "span_ns": end["t_ns"] - begun if end else None,
    }
