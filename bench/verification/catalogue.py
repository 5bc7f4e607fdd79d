"""The facts of each model: measured figures beside published ones."""

from collections.abc import Iterator
from typing import Any

from bench.artifacts.references import Reference
from bench.artifacts.store import Store
from bench.core.matrix.plan import Cell
from bench.core.matrix.schema import Matrix
from bench.verification.verdicts import Checks

Facts = dict[str, Any]


def overview(matrix: Matrix, store: Store) -> list[Facts]:
    """Return the facts of all models, sorted by operations per parameter, as in the reference study's Fig. 1.

    Models without figures, such as a user's file with branches, come last.
    """
    found = [_facts(name, matrix, store) for name in matrix.models]
    return sorted(found, key=lambda row: (row["flop_per_param"] is None, row["flop_per_param"]))


def detail(name: str, matrix: Matrix, store: Store, reference: Reference | None) -> Facts:
    """Return the facts of one model, with its sensitivity to wrong inputs, published figures and verdicts."""
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
    """Yield the verdicts of the model in each framework's image that hold for the current sources."""
    checks = Checks(store, matrix)
    for framework, entry in matrix.frameworks.items():
        for precision in entry.precisions:
            for verdict in checks.every(Cell("host", framework, name, precision)):
                yield {"framework": framework, "precision": precision, **vars(verdict)}


def _facts(name: str, matrix: Matrix, store: Store) -> Facts:
    """Return the facts of one model. Figures may be None for a user's file. One multiply-accumulate is two FLOP."""
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
