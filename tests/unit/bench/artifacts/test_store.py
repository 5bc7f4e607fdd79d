"""The store: whole whatever happens, deduplicated, read without a framework."""

import multiprocessing
import os
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from bench.artifacts.recipe import Recipes
from bench.artifacts.store import Store, find_user_file
from bench.core.matrix.artifact_kind import Kind
from bench.core.paths import PROJECT
from tests.support.model_sources import INPUTS, write_made, write_sources

ALL = ["onnx", "torch", "savedmodel", "tflite"]


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """An empty store that reads its keys from a small `models/` folder."""
    return Store(tmp_path / "store", Recipes(write_sources(tmp_path)))


def make(store: Store, name: str = "small", formats: list[str] = ALL, *, defines: bool = True) -> None:
    with store.staging() as folder:
        store.record(name, folder, write_made(folder, name, formats, defines=defines))


def reopened(store: Store) -> Store:
    """The store as another process sees it, which reads the sources anew."""
    return Store(store.root, Recipes(store.recipes.folder))


def test_what_was_made_is_found_with_all_that_a_launch_needs(store: Store) -> None:
    assert store.find("small", "onnx", "fp32") is None
    assert store.manifest("small") is None
    make(store)
    found = store.find("small", "onnx", "fp32")
    assert found is not None
    assert found.path.read_text() == "small as onnx"
    assert found.path.parent.name == found.sha256
    assert found.reference.read_text() == "reference of small"
    assert (found.seeds, found.inputs, found.size_bytes) == ([0, 1], INPUTS, len("small as onnx"))
    assert found.is_intact()
    assert store.find("small", "onnx", "int8") is None
    assert store.find("large", "onnx", "fp32") is None
    assert store.find("unknown", "onnx", "fp32") is None


def test_a_folder_is_an_artifact_too(store: Store) -> None:
    make(store)
    found = store.find("small", "savedmodel", "fp32")
    assert found is not None
    assert (found.path / "variables" / "0").read_text() == "weights"
    assert found.is_intact()


def test_formats_join_what_was_made_before(store: Store) -> None:
    make(store, formats=["onnx"])
    make(store, formats=["tflite"], defines=False)
    manifest = store.manifest("small")
    assert manifest is not None
    assert [entry["format"] for entry in manifest["artifacts"]] == ["onnx", "tflite"]
    assert manifest["params"] == 6


def test_another_reference_leaves_nothing_that_was_checked_against_the_first(store: Store) -> None:
    make(store)
    with store.staging() as folder:
        made = write_made(folder, "small", ["onnx"])
        (folder / "reference.npz").write_text("another")
        store.record("small", folder, made)
    manifest = store.manifest("small")
    assert manifest is not None
    assert [entry["format"] for entry in manifest["artifacts"]] == ["onnx"]


def test_an_edited_source_hides_what_was_made_before(store: Store) -> None:
    make(store)
    (store.recipes.folder / "convert" / "requirements.txt").write_text("tensorflow==2\n")
    assert reopened(store).find("small", "onnx", "fp32")
    assert reopened(store).find("small", "tflite", "fp32") is None
    (store.recipes.folder / "networks" / "small.py").write_text("edited\n")
    assert reopened(store).manifest("small") is None
    assert len(list(store.list())) == 1


def test_the_same_bytes_are_kept_once(store: Store) -> None:
    with store.staging() as folder:
        (folder / "a.onnx").write_text("the same")
        (folder / "b.onnx").write_text("the same")
        assert store.put(folder / "a.onnx") == store.put(folder / "b.onnx")
    assert len(list((store.root / "blobs").iterdir())) == 1


def test_a_damaged_file_is_seen_and_replaced(store: Store) -> None:
    make(store)
    found = store.find("small", "onnx", "fp32")
    assert found is not None
    assert list(store.verify()) == []
    found.path.write_text("damaged")
    assert not found.is_intact()
    assert [str(found.path) in line for line in store.verify()] == [True]
    make(store)
    assert list(store.verify()) == []


def test_a_missing_file_is_not_found(store: Store) -> None:
    make(store)
    found = store.find("small", "onnx", "fp32")
    assert found is not None
    found.path.unlink()
    assert store.find("small", "onnx", "fp32") is None
    assert len(list(store.verify())) == 1
    make(store)
    assert store.find("small", "onnx", "fp32")


def test_a_damaged_index_counts_as_not_made(store: Store) -> None:
    make(store)
    (index,) = (store.root / "index").glob("*/*.json")
    index.write_text(index.read_text()[:50])
    assert store.manifest("small") is None
    make(store)
    assert store.find("small", "tflite", "fp32")


def bring(store: Store, name: str = "mine") -> None:
    """Take over a model as the user's own."""
    with store.staging() as folder:
        store.record(name, folder, write_made(folder, name, ["onnx"]), own={"key": "a key", "file": "mine.onnx"})


def test_a_user_s_model_without_a_key_is_there_and_cannot_be_used(store: Store) -> None:
    bring(store)
    (store.root / "own" / "mine.json").write_text('{"schema": 2, "file": "mine.onnx"}')
    assert store.user_models() == ["mine"]
    assert (store.user_entry("mine"), store.key("mine"), store.manifest("mine"), store.user_file_entry("mine")) == (
        None,
    ) * 4
    assert store.find("mine", "onnx", "fp32") is None
    bring(store)
    assert store.find("mine", "onnx", "fp32")


def test_what_was_made_of_a_user_s_file_keeps_the_key_that_it_comes_with(store: Store) -> None:
    said = {"key": "a key", "file": "mine.onnx"}
    with store.staging() as folder:
        made = write_made(folder, "mine", ["tflite", "onnx", "ncnn"])
        tflite, _, ncnn = made["artifacts"]
        tflite["key"], ncnn["key"] = store.recipes.artifact_key("a key", Kind("tflite", "fp32")), "of other sources"
        store.record("mine", folder, made, own=said)
    manifest, brought = store.manifest("mine"), store.user_file_entry("mine")
    assert manifest is not None
    assert brought is not None
    assert [entry["format"] for entry in manifest["artifacts"]] == ["tflite", "onnx"]
    assert (brought["format"], brought["key"]) == ("onnx", "a key")


def test_which_is_the_file_itself_in_what_an_earlier_version_pulled() -> None:
    """It gave everything the model's own key."""
    said = {"key": "a key", "file": "mine.onnx"}
    int8, fp32, ncnn = (
        {"format": form, "precision": precision, "key": "a key"}
        for form, precision in (("onnx", "int8"), ("onnx", "fp32"), ("ncnn", "fp32"))
    )
    assert find_user_file([ncnn, int8, fp32], said) is fp32
    assert find_user_file([ncnn], said) is None
    assert find_user_file([fp32 | {"key": "another"}], said) is None
    assert find_user_file([fp32], {"key": "a key"}) is None


def in_child(work: Callable[[], None]) -> int:
    """Do something in a forked process: its exit code."""
    child = multiprocessing.get_context("fork").Process(target=work)
    child.start()
    child.join(60)
    assert child.exitcode is not None
    return child.exitcode


def killed_everywhere(work: Callable[[], None], look: Callable[[], None]) -> int:
    """Do something in processes of which each ends one change of the disk later; how many were killed."""
    changing = {name: getattr(os, name) for name in ("rename", "fsync", "mkdir", "replace", "unlink", "rmdir")}

    def killed_at(moment: int) -> None:
        left = [moment]

        def dies(real: Callable) -> Callable:
            def call(*arguments: object, **named: object) -> object:
                left[0] -= 1
                if left[0] < 0:
                    os._exit(9)
                return real(*arguments, **named)

            return call

        for name, real in changing.items():
            setattr(os, name, dies(real))
        work()
        os._exit(0)

    moments = 0
    while in_child(partial(killed_at, moments)) == 9:
        moments += 1
        look()
    return moments


def test_killed_at_any_moment_it_is_whole(store: Store) -> None:
    """Every call that changes the disk is, in turn, the last one before the process is gone."""
    make(store, "large")

    def look() -> None:
        seen = reopened(store)
        assert list(seen.verify()) == []
        assert seen.find("large", "onnx", "fp32")
        if found := seen.find("small", "onnx", "fp32"):
            assert found.is_intact()

    assert killed_everywhere(lambda: make(reopened(store)), look) > 30
    assert reopened(store).find("small", "tflite", "fp32")
    assert list((store.root / "staging").iterdir()) == []


def test_a_model_of_the_user_s_is_there_whole_or_not_at_all(store: Store) -> None:
    make(store, "large")

    def look() -> None:
        seen = reopened(store)
        assert list(seen.verify()) == []
        assert seen.find("large", "onnx", "fp32")
        for name in seen.user_models():
            found = seen.find(name, "onnx", "fp32")
            assert found is not None
            assert found.is_intact()

    assert killed_everywhere(lambda: bring(reopened(store)), look) > 10
    assert reopened(store).user_models() == ["mine"]


def test_killed_while_something_is_removed_all_else_is_whole(store: Store) -> None:
    make(store, "large")
    bring(store)

    def look() -> None:
        seen = reopened(store)
        assert list(seen.verify()) == []
        assert seen.find("large", "onnx", "fp32")

    def remove() -> None:
        seen = reopened(store)
        if seen.user_models():
            seen.remove("mine")
        else:  # it was gone when the process was killed: what it left goes with the next
            seen.discard("mine")

    assert killed_everywhere(remove, look) >= 2
    assert reopened(store).user_models() == []
    assert len(list((store.root / "blobs").iterdir())) == len(ALL) + 1


def test_why_something_was_not_made_is_kept_until_it_is_tried_with_other_sources(store: Store) -> None:
    make(store, formats=["onnx"])
    kind = Kind("tflite", "fp32")
    assert store.failure("small", kind) is None
    store.fail("small", kind, "no such operator")
    assert reopened(store).failure("small", kind) == "no such operator"
    (store.recipes.folder / "convert" / "requirements.txt").write_text("tensorflow==2\n")
    assert reopened(store).failure("small", kind) is None


def test_builds_at_the_same_time_lose_nothing(store: Store) -> None:
    make(store, formats=[])
    context = multiprocessing.get_context("fork")
    builds = [context.Process(target=make, args=(reopened(store), "small", [kind])) for kind in ALL for _ in range(3)]
    for build in builds:
        build.start()
    for build in builds:
        build.join(60)
    assert [build.exitcode for build in builds] == [0] * len(builds)
    manifest = store.manifest("small")
    assert manifest is not None
    assert sorted(entry["format"] for entry in manifest["artifacts"]) == sorted(ALL)
    assert list(store.verify()) == []
    assert len(list((store.root / "blobs").iterdir())) == len(ALL) + 1


def test_a_build_that_goes_on_keeps_its_folder(store: Store) -> None:
    with store.staging() as mine:
        (mine / "half").write_text("half")
        with store.staging() as other:
            assert other != mine
        assert (mine / "half").exists()
    assert not mine.exists()


def test_reading_needs_no_framework_and_no_engine() -> None:
    code = "import sys, bench.artifacts.store; print({'torch', 'numpy', 'docker', 'onnx', 'pandas'} & set(sys.modules))"
    said = subprocess.run([sys.executable, "-c", code], cwd=PROJECT, capture_output=True, text=True, check=True)
    assert said.stdout.strip() == "set()"
