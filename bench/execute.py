"""Launching what a plan says, one launch at a time, and keeping each result before the next begins."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from bench.energy import EnergyPass
from bench.launching import Arm, Spec
from bench.plan import Launch
from bench.prepare import Prepared
from bench.progress import Progress
from bench.record import now, record


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What is the same for every launch of a run."""

    run_id: str
    cpus: str
    threads: int
    timeout: float
    memory: int | None


@dataclass
class Tally:
    """How a run went: launches kept, and those without a number."""

    ok: int = 0
    failed: Counter[str] = field(default_factory=Counter)

    def count(self, line: Mapping[str, Any]) -> None:
        """Count one line of the journal."""
        if line["reason"] is None:
            self.ok += 1
        else:
            self.failed[f"{line['cell']} in {line['arm']}: {line['reason']}: {line['message']}"] += 1


def execute(
    launches: Iterable[tuple[Launch, int]],
    prepared: Mapping[str, Prepared],
    arms: Mapping[str, Arm],
    settings: Settings,
    keep: Callable[[dict[str, Any]], None],
    progress: Progress,
    energy: EnergyPass | None = None,
) -> Tally:
    """Run the launches (each with the number of its attempt) in their order; `keep` must have them safe on return.

    A launch that fails is a result and is kept; a host that fails (HostError) ends the run at once, and what was
    under way is not kept, so that `resume` runs it again.
    """
    tally = Tally()
    for launch, attempt in launches:
        cell = prepared[launch.cell.id]
        spec = Spec(
            launch=launch.id,
            run_id=settings.run_id,
            framework=launch.cell.framework,
            request=cell.request,
            mounts=cell.mounts,
            cpus=settings.cpus,
            threads=settings.threads,
            timeout=settings.timeout,
            memory=settings.memory,
            grant=cell.grant,
        )
        progress.begin(launch)
        started = now()
        arm, sensed = arms[launch.arm], None
        if launch.part == "timing":
            outcome = arm.launch(spec)
        else:
            assert energy is not None
            outcome, sensed = energy.launch(arm, spec, cell, sample=launch.part == "energy")
        line = record(launch, attempt, started, outcome, sensed)
        keep(line)
        tally.count(line)
        progress.end(line)
    return tally
