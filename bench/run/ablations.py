"""What ablations need before a run: an engine that has something to change, and how much memory a cell takes."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from rich.console import Console

from bench.arms.ablated import LimitedArm
from bench.arms.ablations import ABLATIONS, NEAR, Ablation
from bench.arms.outcome import record
from bench.core.errors import HostError
from bench.core.matrix.plan import Launch, Plan
from bench.run.execute import Settings, spec_of
from bench.run.machine import Machine
from bench.run.prepare import Ready

LIMITED = "memory-limit"
_LAUNCHES = 2  # files that are read for the first time count as memory of the first one
_PAGE = 4096


def available(plan: Plan, console: Console, machine: Machine) -> Plan:
    """The plan without the ablations that this engine has nothing to change for; `armless` and `console` say why."""
    asked = [ABLATIONS[name] for name in plan.arms if name in ABLATIONS]
    reasons = why_not(asked, machine.engine().info()) if asked else {}
    for name, why in reasons.items():
        console.print(f"left out: {name}: {why}", highlight=False, soft_wrap=True)
    frameworks = {cell.framework for cell in plan.cells} if reasons else set()
    return replace(plan, armless=plan.armless | {name: reasons | plan.armless.get(name, {}) for name in frameworks})


def why_not(asked: Sequence[Ablation], engine: Mapping[str, Any]) -> dict[str, str]:
    """Ablation → why there is none on this engine, of those that there are none of."""
    return {each.name: why for each in asked if (why := each.unavailable(engine))}


def memory_limits(plan: Plan, ready: Ready, settings: Settings) -> dict[str, int]:
    """Cell → the limit of its `memory-limit` arm in bytes, from launches in a container that are not part of the run.

    Empty when the plan has no such arm. Raises HostError where a launch fails or the host does not tell the peak.
    """
    if LIMITED not in ready.arms:
        return {}
    limits = {}
    for cell in plan.cells:
        launch, peak = Launch(cell, LIMITED, 0), None
        for _ in range(_LAUNCHES):
            outcome = ready.arms["container"].launch(spec_of(launch, ready.prepared[cell.id], settings))
            line = record(launch, 1, "", outcome)
            peak = (line["memory"] or {}).get("cgroup_peak_bytes")
        if not peak:
            what = line["message"] or "this host does not tell the peak memory of a container"
            raise HostError(f"how much memory {cell.id} needs is not known: {what}", f"leave {LIMITED} out with --arms")
        limits[cell.id] = int(peak * NEAR) // _PAGE * _PAGE
    return limits


def limit(ready: Ready, limits: Mapping[str, int]) -> None:
    """Have the arm use these limits (cell → bytes)."""
    arm = ready.arms.get(LIMITED)
    if isinstance(arm, LimitedArm):
        arm.limits = dict(limits)
