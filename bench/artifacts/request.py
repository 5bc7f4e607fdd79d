"""The request of a cell: one file, the same for every arm and block; and one of its energy pass."""

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.artifacts.store import Artifact
from bench.core.matrix.parity_bounds import BOUNDS
from bench.core.matrix.plan import Cell, Plan
from bench.core.matrix.schema import Matrix
from bench.core.paths import cache
from bench.hosts.grant import NO_HARDWARE, Grant
from runner.protocol import PROTOCOL


@dataclass(frozen=True)
class Prepared:
    """A cell with its requests on disk, the folders a launch of it must see, and what it is given of the hardware."""

    cell: Cell
    request: Path
    mounts: tuple[Path, ...]
    artifact: Artifact
    energy_request: Path | None = None  # of the energy pass
    grant: Grant = NO_HARDWARE


def timing_of(plan: Plan) -> dict[str, Any]:
    """What a request says of how long to time."""
    return {"warmup": plan.warmup.model_dump(), "stop": plan.stop.model_dump()}


def request_of(cell: Cell, matrix: Matrix, artifact: Artifact, threads: int, *, forced: bool = False) -> dict[str, Any]:
    """What the runner is asked (docs/protocol.md), without how long it is to be timed."""
    framework = matrix.frameworks[cell.framework]
    axes = artifact.axes or [None] * len(artifact.inputs)
    return {
        "protocol": PROTOCOL,
        "framework": framework.adapter or cell.framework,
        "device": matrix.devices[cell.device].use(cell.framework, framework.group).device or framework.device,
        "precision": cell.precision,
        "artifact": {"path": str(artifact.path), "sha256": artifact.sha256, "format": artifact.format},
        "inputs": [{**given, "axes": way} for given, way in zip(artifact.inputs, axes, strict=True)],
        "threads": threads,
        "seed": artifact.seeds[0],
        "reference": {
            "path": str(artifact.reference),
            "sha256": artifact.reference_sha256,
            "bounds": {} if forced else BOUNDS[cell.precision],
        },
    }


def long_request(seconds: float) -> dict[str, Any]:
    """What to change in a request so that it infers for so many seconds, and tells of each second."""
    stop = {"iterations": 1, "seconds": seconds, "max_iterations": 10**12}
    return {"measure": ["output", "windows", "memory"], "stop": stop, "window_s": 1.0}


def request_folders(request: Path, artifact: Artifact) -> tuple[Path, ...]:
    """The folders that a launch of a request must see."""
    return request.parent, artifact.path.parent, artifact.reference.parent


def write_request(request: Mapping[str, Any]) -> Path:
    """The request as a file that is named by its content."""
    folder = cache() / "requests"
    text = json.dumps(request, indent=1, sort_keys=True) + "\n"
    path = folder / f"{hashlib.sha256(text.encode()).hexdigest()}.json"
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        partial = folder / f"partial-{path.stem}-{os.getpid()}"
        partial.write_text(text)
        partial.rename(path)
    return path
