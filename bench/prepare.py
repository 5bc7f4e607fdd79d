"""The request of a cell: one file, the same for every arm and block."""

import hashlib
import json
import os
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.bounds import BOUNDS
from bench.config import Framework, Matrix
from bench.errors import HostError
from bench.paths import cache, model_store
from bench.plan import Cell, Plan
from bench.recipe import Kind
from bench.store import Artifact, Store
from runner.protocol import PROTOCOL


@dataclass(frozen=True)
class Prepared:
    """A cell with its request on disk and the folders a launch of it must see."""

    cell: Cell
    request: Path
    mounts: tuple[Path, ...]
    artifact: Artifact


def prepare_requests(plan: Plan, matrix: Matrix, threads: int, forced: Collection[str] = ()) -> dict[str, Prepared]:
    """The prepared cells by id. Those that are `forced` are timed whatever their outputs are.

    Raises HostError naming the models that were not made yet.
    """
    store = Store(model_store())
    missing: dict[Kind, list[str]] = {}
    prepared = {}
    for cell in plan.cells:
        framework = matrix.frameworks[cell.framework]
        kind = framework.kind(cell.precision)
        artifact = store.find(cell.model, *kind)
        if artifact is None:
            missing.setdefault(kind, []).append(cell.model)
            continue
        timing = {"warmup": plan.warmup.model_dump(), "stop": plan.stop.model_dump()}
        request = describe(cell, framework, artifact, threads, forced=cell.id in forced) | timing
        prepared[cell.id] = write(cell, request, artifact)
    if missing:
        what = "; ".join(f"{', '.join(sorted(set(models)))} as {kind}" for kind, models in sorted(missing.items()))
        names = " ".join(sorted({model for models in missing.values() for model in models}))
        flags = " ".join(f"--format {name}" for name in sorted({kind.format for kind in missing}))
        flags += "".join(f" --precision {name}" for name in sorted({kind.precision for kind in missing} - {"fp32"}))
        raise HostError(f"not in the model store: {what}", f"make them: bench models build {names} {flags}")
    return prepared


def describe(cell: Cell, framework: Framework, artifact: Artifact, threads: int, *, forced: bool) -> dict[str, Any]:
    """The request of a cell (docs/protocol.md), without how long it is to be timed."""
    axes = artifact.axes or [None] * len(artifact.inputs)
    return {
        "protocol": PROTOCOL,
        "framework": framework.adapter or cell.framework,
        "device": framework.device,
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


def write(cell: Cell, request: Mapping[str, Any], artifact: Artifact) -> Prepared:
    """Put a request on the disk, under a name that its content gives."""
    folder = cache() / "requests"
    text = json.dumps(request, indent=1, sort_keys=True) + "\n"
    path = folder / f"{hashlib.sha256(text.encode()).hexdigest()}.json"
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        partial = folder / f"partial-{path.stem}-{os.getpid()}"
        partial.write_text(text)
        partial.rename(path)
    return Prepared(cell, path, (folder, artifact.path.parent, artifact.reference.parent), artifact)
