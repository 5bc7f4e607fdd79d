"""Keys: every byte that an artifact depends on makes another key, and nothing else does."""

from pathlib import Path

import pytest

from bench.artifacts.recipe import MAKERS, STEPS, Recipes
from bench.core.matrix.artifact_kind import Kind
from models import catalog
from tests.support.model_sources import write_sources

CONVERTED = tuple(f"{model} {form}" for model in ("small", "large") for form in STEPS["convert"])


def keys(folder: Path) -> dict[str, str | None]:
    recipes = Recipes(folder)
    return {
        f"{model} {kind}": recipes.artifact_key(recipes.key(model) or "", kind)
        for model in ("small", "large")
        for kind in MAKERS
    }


@pytest.mark.parametrize(
    ("edited", "changes"),
    [
        ("networks/small.py", "small "),  # the model alone
        ("seeding.py", ""),  # what is exported, and so all models in all formats
        ("layers.py", ("small darknet", "large darknet")),  # which its step takes from what it takes
        ("tvm/link.py", ("small tvm", "large tvm")),
        ("unused.py", "nothing"),
        ("export/requirements.txt", ""),  # what is converted is made from what is exported
        ("convert/requirements.txt", CONVERTED),
        ("export/requirements.in", "nothing"),
        ("export/Dockerfile", "nothing"),
        ("export/__pycache__/main.pyc", "nothing"),
    ],
)
def test_an_edit_changes_the_keys_of_what_it_bears_on(tmp_path: Path, edited: str, changes: str) -> None:
    sources = write_sources(tmp_path)
    before = keys(sources)
    (sources / edited).parent.mkdir(exist_ok=True)
    (sources / edited).write_text("edited = True\n")
    after = keys(sources)
    assert {name for name in before if before[name] != after[name]} == {n for n in before if n.startswith(changes)}
    assert len(set(after.values())) == 2 * len(STEPS)  # two models


def test_a_second_clone_has_the_same_keys(tmp_path: Path) -> None:
    assert keys(write_sources(tmp_path / "one")) == keys(write_sources(tmp_path / "two"))


def test_what_nobody_can_make_has_no_key(tmp_path: Path) -> None:
    recipes = Recipes(write_sources(tmp_path))
    assert recipes.key("unknown") is None
    assert recipes.artifact_key("key", Kind("unknown", "fp32")) is None
    assert recipes.artifact_key("key", Kind("darknet", "int8")) is None


def test_every_model_of_the_catalogue_has_keys_of_its_own() -> None:
    recipes = Recipes()
    keys = {recipes.artifact_key(recipes.key(name) or "", kind) for name in catalog.load() for kind in MAKERS}
    assert len(keys - {None}) == len(catalog.load()) * len(STEPS)
