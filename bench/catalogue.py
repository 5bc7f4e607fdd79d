"""What is known of each model: what was computed of it, beside what others say."""

from typing import Any

from bench.config import Matrix
from bench.references import Reference
from bench.store import Store

Facts = dict[str, Any]


def overview(matrix: Matrix, store: Store) -> list[Facts]:
    """Every model, those with the least work for each parameter first, as in the reference study's Fig. 1.

    What was not made yet has no figures, and comes last.
    """
    found = [_facts(name, matrix, store) for name in matrix.models]
    return sorted(found, key=lambda row: (row["flop_per_param"] is None, row["flop_per_param"]))


def detail(name: str, matrix: Matrix, store: Store, reference: Reference | None) -> Facts:
    """One model, with what its outputs answered to wrong inputs, and with what others say of it."""
    made = store.manifest(name) or {}
    return {
        **_facts(name, matrix, store),
        "layout": store.recipes.layout(name),
        "outputs": made.get("outputs"),
        "sensitivity": made.get("sensitivity"),
        "reference": reference.model_dump() if reference else None,
    }


def _facts(name: str, matrix: Matrix, store: Store) -> Facts:
    """Figures are None where nothing was made. A multiply-accumulate is two floating-point operations."""
    entry, made = matrix.models[name], store.manifest(name) or {}
    params, macs = made.get("params"), made.get("macs")
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
