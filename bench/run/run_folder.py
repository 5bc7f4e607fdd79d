"""Run folders: naming them, finding them, and a plan as run.json keeps it."""

import secrets
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bench.core.errors import ConfigError
from bench.core.matrix.plan import Cell, Plan
from bench.core.matrix.schema import Bounds, Energy, Matrix
from bench.core.suggest import nearest
from bench.run.execute import Settings


def new_run_id() -> str:
    """Sortable by time, and not the same for two runs of one second: `20261123T101500-a1b2c3`."""
    return f"{datetime.now(UTC):%Y%m%dT%H%M%S}-{secrets.token_hex(3)}"


def find_run(results: Path, name: str) -> Path:
    """The folder of a run: a path, a run id below `results`, or `latest`. Raises ConfigError."""
    with suppress(OSError):  # a name too long, or a folder that may not be read: then it is no folder of ours
        if (Path(name) / "run.json").is_file():
            return Path(name)
    runs = sorted(path.parent.name for path in results.glob("*/run.json"))
    if name == "latest" and runs:
        return results / runs[-1]
    if name in runs:
        return results / name
    raise ConfigError(f"no run '{name}' in {results}: {nearest(name, runs)}", "--results names the folder of the runs")


def plan_facts(plan: Plan, settings: Settings) -> dict[str, Any]:
    """The `plan` of run.json: all that is needed to go on with the run."""
    return {
        "device": plan.device,
        "profile": plan.profile,
        "arms": list(plan.arms),
        "armless": plan.armless,
        "blocks": plan.blocks,
        "half_width": plan.half_width,
        "cpus": settings.cpus,
        "threads": settings.threads,
        "memory": settings.memory,
        "timeout": settings.timeout,
        "replace": settings.replace,
        "warmup": plan.warmup.model_dump(),
        "stop": plan.stop.model_dump(),
        "driver": plan.driver,
        "energy": plan.energy.model_dump() if plan.energy else None,
        "cells": [cell_facts(cell) for cell in plan.cells],
        "launches": [launch.id for launch in plan.launches()],
    }


def plan_of(facts: dict[str, Any], matrix: Matrix) -> tuple[Plan, Settings]:
    """The plan and the settings of a run that was written. Raises ConfigError when matrix.yaml lost a name of it."""
    try:
        return _plan_of(facts, matrix)
    except (KeyError, TypeError, ValueError) as error:
        raise ConfigError(f"run.json does not say all that is needed to go on: {error!r}") from None


def _plan_of(facts: dict[str, Any], matrix: Matrix) -> tuple[Plan, Settings]:
    saved = facts["plan"]
    cells = tuple(Cell(saved["device"], c["framework"], c["model"], c["precision"]) for c in saved["cells"])
    for kind, known, used in (
        ("device", matrix.devices, {saved["device"]}),
        ("framework", matrix.frameworks, {cell.framework for cell in cells}),
        ("model", matrix.models, {cell.model for cell in cells}),
    ):
        if lost := used - known.keys():
            raise ConfigError(f"the run used the {kind} '{min(lost)}', which matrix.yaml does not name any more")
    plan = Plan(
        device=saved["device"],
        profile=saved["profile"],
        arms=tuple(saved["arms"]),
        blocks=saved["blocks"],
        half_width=saved.get("half_width"),
        seed=facts["seed"],
        warmup=Bounds(**saved["warmup"]),
        stop=Bounds(**saved["stop"]),
        cells=cells,
        driver=saved.get("driver", "runner"),
        energy=Energy(**saved["energy"]) if saved.get("energy") else None,
        armless=saved.get("armless") or {},
    )
    if saved["launches"] is not None and [launch.id for launch in plan.launches()] != saved["launches"]:
        raise ConfigError("the order of launches in run.json is not what this version makes of its seed")
    settings = Settings(
        run_id=facts["run_id"],
        cpus=saved["cpus"],
        threads=saved["threads"],
        timeout=saved["timeout"],
        memory=saved["memory"],
        replace=saved.get("replace", False),
    )
    return plan, settings


def cell_facts(cell: Cell) -> dict[str, str]:
    """A cell as run.json and `plan --json` have it."""
    return {"cell": cell.id, "framework": cell.framework, "model": cell.model, "precision": cell.precision}
