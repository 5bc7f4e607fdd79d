"""What is known of each model: what was computed of it, beside what others say."""

from collections.abc import Iterator
from typing import Any

from bench.artifacts.references import Reference
from bench.artifacts.store import Store
from bench.core.matrix.plan import Cell
from bench.core.matrix.schema import Matrix
from bench.verification.verdicts import Checks

Facts = dict[str, Any]


def overview(matrix: Matrix, store: Store) -> list[Facts]:
    """Every model, those with the least work for each parameter first, as in the reference study's Fig. 1.

    What has no figures, as a user's file with branches, comes last.
    """
    found = [_facts(name, matrix, store) for name in matrix.models]
    return sorted(found, key=lambda row: (row["flop_per_param"] is None, row["flop_per_param"]))


def detail(name: str, matrix: Matrix, store: Store, reference: Reference | None) -> Facts:
    """One model, with what its outputs answered to wrong inputs, and with what others say of it."""
    made = store.manifest(name) or {}
    return {
        **_facts(name, matrix, store),
        "layout": store.recipes.layout(name),
        "inputs": made.get("inputs"),
        "outputs": made.get("outputs"),
        "reference_by": (made.get("reference") or {}).get("by"),
        "sensitivity": made.get("sensitivity"),
        "reference": reference.model_dump() if reference else None,
        "checks": list(_checks(name, matrix, store)),
    }


def _checks(name: str, matrix: Matrix, store: Store) -> Iterator[Facts]:
    """What came of the model in each framework's own image, where it was tried as it is now."""
    checks = Checks(store, matrix)
    for framework, entry in matrix.frameworks.items():
        for precision in entry.precisions:
            for verdict in checks.every(Cell("host", framework, name, precision)):
                yield {"framework": framework, "precision": precision, **vars(verdict)}


def _facts(name: str, matrix: Matrix, store: Store) -> Facts:
    """Figures are None where a user's file leaves them open. A multiply-accumulate is two floating-point operations."""
    entry, made = matrix.models[name], store.manifest(name) or {}
    known = store.recipes.counts(name) | made
    params, macs = known.get("params"), known.get("macs")
    artifacts = made.get("artifacts", [])
    return {
        "name": name,
        "title": entry.title,
        "task": entry.task,
        "input": entry.input,
        "params": params,
        "macs": macs,
        "flop_per_param": 2 * macs / params if params and macs else None,
        "formats": [f"{artifact['format']} {artifact['precision']}" for artifact in artifacts],
        "artifacts": artifacts,
    }
