"""The request of a cell: one file, the same for every arm and block; and one of its energy pass."""

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench import loadgen
from bench.config import Matrix
from bench.devices.grant import NOTHING, Grant
from bench.errors import HostError
from bench.paths import cache, model_store
from bench.plan import Cell, Plan
from bench.store import Artifact, Store
from runner.protocol import PROTOCOL

# How far an artifact's outputs may be from the reference, by precision: largest error over the reference's largest
# magnitude, and cosine. Frameworks reorder float32 sums; 1e-3 is far above what that does (5e-6) and far below
# what a wrong layout or a lost layer does (above 0.1, see the store's sensitivity).
BOUNDS = {
    "fp32": {"max_rel": 1e-3, "cosine": 0.9999},
    "fp16": {"max_rel": 2e-2, "cosine": 0.999},
    "int8": {"max_rel": 2e-1, "cosine": 0.95},
}


@dataclass(frozen=True)
class Prepared:
    """A cell with its requests on disk, the folders a launch of it must see, and what it is given of the hardware."""

    cell: Cell
    request: Path
    mounts: tuple[Path, ...]
    artifact: Artifact
    energy_request: Path | None = None  # of the energy pass
    grant: Grant = NOTHING


def prepare_requests(
    plan: Plan, matrix: Matrix, threads: int, grants: Mapping[str, Grant] | None = None
) -> dict[str, Prepared]:
    """The prepared cells by id. `grants` are by framework. Raises HostError naming models that were not made yet."""
    store = Store(model_store())
    missing: dict[str, list[str]] = {}
    prepared = {}
    for cell in plan.cells:
        wanted = matrix.frameworks[cell.framework].format
        artifact = store.find(cell.model, wanted, cell.precision)
        if artifact is None:
            missing.setdefault(wanted, []).append(cell.model)
        else:
            given = (grants or {}).get(cell.framework, NOTHING)
            prepared[cell.id] = _prepare(cell, matrix, plan, artifact, threads, given)
    if missing:
        what = "; ".join(f"{', '.join(sorted(set(models)))} as {name}" for name, models in sorted(missing.items()))
        names = " ".join(sorted({model for models in missing.values() for model in models}))
        flags = " ".join(f"--format {name}" for name in sorted(missing))
        raise HostError(f"not in the model store: {what}", f"make them: bench models build {names} {flags}")
    return prepared


def request_of(cell: Cell, matrix: Matrix, plan: Plan, artifact: Artifact, threads: int) -> dict[str, Any]:
    """What the runner is asked (docs/protocol.md)."""
    framework = matrix.frameworks[cell.framework]
    return {
        "protocol": PROTOCOL,
        "framework": framework.adapter or cell.framework,
        "device": matrix.devices[cell.device].use(cell.framework, framework.group).device or framework.device,
        "precision": cell.precision,
        "artifact": {"path": str(artifact.path), "sha256": artifact.sha256, "format": artifact.format},
        "inputs": [{**given, "axes": artifact.axes} for given in artifact.inputs],
        "threads": threads,
        "seed": artifact.seed,
        "warmup": plan.warmup.model_dump(),
        "stop": plan.stop.model_dump(),
        "reference": {
            "path": str(artifact.reference),
            "sha256": artifact.reference_sha256,
            "bounds": BOUNDS[cell.precision],
        },
    }


def _prepare(cell: Cell, matrix: Matrix, plan: Plan, artifact: Artifact, threads: int, grant: Grant) -> Prepared:
    driver: tuple[Path, ...] = ()
    request = request_of(cell, matrix, plan, artifact, threads)
    if plan.driver == "loadgen":
        driver = (loadgen.require(cell.framework, matrix.frameworks[cell.framework].python),)
        request |= {"measure": ["output", "single-stream", "memory"], "loadgen": str(driver[0])}
    path = write(request)
    energy = write({**request, **lasting(plan.energy.seconds)}) if plan.energy else None
    mounts = (path.parent, artifact.path.parent, artifact.reference.parent, *driver)
    return Prepared(cell, path, mounts, artifact, energy, grant)


def lasting(seconds: float) -> dict[str, Any]:
    """What to change in a request so that it infers for so many seconds, and tells of each second."""
    stop = {"iterations": 1, "seconds": seconds, "max_iterations": 10**12}
    return {"measure": ["output", "windows", "memory"], "stop": stop, "window_s": 1.0}


def write(request: Mapping[str, Any]) -> Path:
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
