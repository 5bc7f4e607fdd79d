"""The keys of images, artifacts and verdicts: none changes unless somebody means it.

keys.json was written before the code moved to its present layout, and is the same after it: no image, artifact or
verdict had to be made again. A change of runner/, models/ or images/ changes keys on purpose. Then renew the file:

    python -m tests.unit.bench.verification.test_keys
"""

import json
from pathlib import Path
from typing import Any

from bench.artifacts.recipe import MAKERS, Recipes, digest
from bench.artifacts.store import Store
from bench.core.matrix.plan import Cell
from bench.core.matrix.schema import load_matrix
from bench.images import local
from bench.verification.verdicts import DEFAULT_LIMITS, Checks
from runner.protocol import hash_runner

KEYS = Path(__file__).with_name("keys.json")


def current_keys() -> dict[str, Any]:
    """Every key by the current sources. Those of artifacts and verdicts are thousands: one hash for each network."""
    matrix, recipes = load_matrix(), Recipes()
    checks = Checks(Store(Path("/nonexistent")), matrix)
    keys = {name: str(recipes.key(name)) for name in matrix.models}
    cells = [
        Cell("host", framework, model, precision)
        for framework, entry in matrix.frameworks.items()
        for model in matrix.models
        for precision in entry.precisions
    ]
    bases = {cell.id: checks._basis(cell, DEFAULT_LIMITS) for cell in cells}
    return {
        "runner": hash_runner(),
        "images": {name: local.recipe_hash(name) for name in [*local.frameworks(), *local.step_images()]},
        "models": keys,
        "artifacts": {
            name: digest(*(str(recipes.artifact_key(key, kind)) for kind in sorted(MAKERS)))
            for name, key in keys.items()
        },
        "verdicts": {
            model: digest(*(json.dumps(bases[cell.id], sort_keys=True) for cell in cells if cell.model == model))
            for model in matrix.models
        },
    }


def test_every_key_is_the_one_that_was_recorded():
    recorded, current = json.loads(KEYS.read_text()), current_keys()
    assert current["runner"] == recorded["runner"]
    for kind in ("images", "models", "artifacts", "verdicts"):
        assert current[kind] == recorded[kind], kind


if __name__ == "__main__":
    KEYS.write_text(json.dumps(current_keys(), indent=1, sort_keys=True) + "\n")
