"""The requests of a plan's cells: one file a cell, the same for every arm and block; and one of its energy pass."""

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from bench.artifacts import loadgen
from bench.artifacts.request import Prepared, long_request, request_folders, request_of, timing_of, write_request
from bench.artifacts.store import Artifact, Store
from bench.core.errors import HostError
from bench.core.matrix.artifact_kind import Kind
from bench.core.matrix.plan import Cell, Plan
from bench.core.matrix.schema import Matrix
from bench.core.paths import model_store
from bench.hosts.grant import NO_HARDWARE, Grant


def prepare_requests(
    plan: Plan,
    matrix: Matrix,
    threads: int,
    grants: Mapping[str, Grant] | None = None,
    forced: Collection[str] = (),
) -> dict[str, Prepared]:
    """The prepared cells by id. `grants` are by framework; cells that are `forced` are timed whatever comes out.

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
        grant = (grants or {}).get(cell.framework, NO_HARDWARE)
        request = request_of(cell, matrix, artifact, threads, forced=cell.id in forced) | timing_of(plan)
        driver = (loadgen.require(cell.framework, framework.python),) if plan.driver == "loadgen" else ()
        prepared[cell.id] = _prepare(cell, request, plan, artifact, grant, driver)
    if missing:
        what = "; ".join(f"{', '.join(sorted(set(models)))} as {kind}" for kind, models in sorted(missing.items()))
        names = " ".join(sorted({model for models in missing.values() for model in models}))
        flags = " ".join(f"--format {name}" for name in sorted({kind.format for kind in missing}))
        flags += "".join(f" --precision {name}" for name in sorted({kind.precision for kind in missing} - {"fp32"}))
        raise HostError(f"not in the model store: {what}", f"make them: bench models build {names} {flags}")
    return prepared


def _prepare(
    cell: Cell, request: dict[str, Any], plan: Plan, artifact: Artifact, grant: Grant, driver: tuple[Path, ...]
) -> Prepared:
    asked = {"measure": ["output", "single-stream", "memory"], "loadgen": str(driver[0])} if driver else {}
    path = write_request({**request, **asked})
    energy = write_request({**request, **long_request(plan.energy.seconds)}) if plan.energy else None
    return Prepared(cell, path, (*request_folders(path, artifact), *driver), artifact, energy, grant)
