"""The request of a cell: one file for all arms and blocks, and one for the energy pass."""

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
    """A cell with its request files, the folders that a launch mounts, and the hardware that it may use."""

    cell: Cell
    request: Path
    mounts: tuple[Path, ...]
    artifact: Artifact
    energy_request: Path | None = None  # the request of the energy pass
    grant: Grant = NO_HARDWARE


def timing_of(plan: Plan) -> dict[str, Any]:
    """Return the part of a request that says how long to time."""
    return {"warmup": plan.warmup.model_dump(), "stop": plan.stop.model_dump()}


def request_of(cell: Cell, matrix: Matrix, artifact: Artifact, threads: int, *, forced: bool = False) -> dict[str, Any]:
    """Return the request for the runner (docs/protocol.md), without the part that says how long to time."""
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
    """Return the changes of a request that runs for `seconds` and reports each second."""
    stop = {"iterations": 1, "seconds": seconds, "max_iterations": 10**12}
    return {"measure": ["output", "windows", "memory"], "stop": stop, "window_s": 1.0}


def request_folders(request: Path, artifact: Artifact) -> tuple[Path, ...]:
    """Return the folders that a launch of a request mounts."""
    return request.parent, artifact.path.parent, artifact.reference.parent


def write_request(request: Mapping[str, Any]) -> Path:
    """Write the request to a file that is named by its hash; return the path."""
    folder = cache() / "requests"
    text = json.dumps(request, indent=1, sort_keys=True) + "\n"
    path = folder / f"{hashlib.sha256(text.encode()).hexdigest()}.json"
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        partial = folder / f"partial-{path.stem}-{os.getpid()}"
        partial.write_text(text)
        partial.rename(path)
    return path
