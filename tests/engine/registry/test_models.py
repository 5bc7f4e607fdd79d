"""The model store to a real registry and back into an empty one, so that a board converts nothing."""

import json
import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import docker
import pytest

from bench.artifacts.store import Store
from bench.core.paths import model_store
from tests.engine.conftest import BENCH, cache_apart
from tests.support.registry import Proxy, serving

pytestmark = pytest.mark.engine

MODEL = "cifarnet"
Bench = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="module")
def registry(made: docker.DockerClient, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proxy]:
    """A registry behind a proxy that notes what travels."""
    with serving(tmp_path_factory.mktemp("registry")) as address, Proxy(address) as proxy:
        yield proxy


@pytest.fixture
def board(tmp_path: Path) -> tuple[Store, Bench]:
    """Another machine: its empty store, and `bench` there. The engine is the same one."""
    home = tmp_path / "board"

    def bench(*words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run([*BENCH, *words], env={**os.environ, "EDGEBENCH_CACHE": str(home)}, cwd=tmp_path,
                              capture_output=True, text=True, timeout=600)  # fmt: skip

    return Store(home / "models"), bench


def push(registry: Proxy, bench: Bench) -> dict:
    done = bench("models", "push", "--registry", registry.address, "--json", MODEL)
    assert done.returncode == 0, done.stderr
    (row,) = json.loads(done.stdout)
    return row


def test_what_was_made_here_is_there_byte_by_byte(registry: Proxy, bench: Bench, board: tuple[Store, Bench]) -> None:
    there, on_board = board
    pushed = push(registry, bench)
    done = on_board("models", "pull", "--registry", registry.address, "--json", MODEL)
    assert done.returncode == 0, done.stderr
    (pulled,) = json.loads(done.stdout)
    assert pulled["digest"] == pushed["digest"]
    here = Store(model_store()).manifest(MODEL)
    manifest = there.manifest(MODEL)
    assert here is not None
    assert manifest is not None
    names = {(each["format"], each["precision"], each["sha256"]) for each in here["artifacts"]}
    assert {(each["format"], each["precision"], each["sha256"]) for each in manifest["artifacts"]} == names
    assert list(there.verify()) == []
    done = on_board("models", "pull", "--registry", registry.address, "--json", f"{MODEL}@{pushed['digest']}")
    assert json.loads(done.stdout)[0]["moved_bytes"] == 0


def test_what_is_there_does_not_travel_again(registry: Proxy, bench: Bench) -> None:
    push(registry, bench)
    registry.seen.clear()
    assert push(registry, bench)["moved_bytes"] == 0
    assert not [path for method, path in registry.seen if method == "PUT" and "/blobs/" in path]


def test_a_registry_that_breaks_off_leaves_a_whole_store(
    registry: Proxy, bench: Bench, board: tuple[Store, Bench]
) -> None:
    there, on_board = board
    push(registry, bench)
    asked = []

    def cut_the_third(method: str, path: str) -> str | None:
        if method == "GET" and "/blobs/" in path:
            asked.append(path)
        return "cut" if len(asked) == 3 else None

    registry.decide = cut_the_third
    try:
        done = on_board("models", "pull", "--registry", registry.address, MODEL)
    finally:
        registry.decide = lambda method, path: None
    assert done.returncode == 3
    assert "broke off" in done.stderr
    assert there.manifest(MODEL) is None
    assert list((there.root / "staging").iterdir()) == []
    assert on_board("models", "pull", "--registry", registry.address, MODEL).returncode == 0
    assert list(there.verify()) == []


def test_a_model_of_the_user_s_goes_with_what_was_made_of_it(
    registry: Proxy, bench: Bench, board: tuple[Store, Bench], tmp_path: Path
) -> None:
    there, on_board = board
    found = Store(model_store()).find(MODEL, "onnx", "fp32")
    assert found is not None
    (tmp_path / "desk").mkdir()
    with cache_apart(tmp_path / "desk", models=False):
        for words in (
            ("add", "mine", "--file", str(found.path)),
            ("build", "mine", "--format", "onnx", "--precision", "int8"),
            ("push", "mine", "--registry", registry.address),
        ):
            done = bench("models", *words)
            assert done.returncode == 0, done.stderr
        here = Store(model_store()).manifest("mine")
    assert here is not None
    done = on_board("models", "pull", "--registry", registry.address, "--json", "mine", "--precision", "int8")
    assert done.returncode == 0, done.stderr
    (pulled,) = json.loads(done.stdout)
    assert sorted(pulled["artifacts"]) == ["onnx/fp32", "onnx/int8"]  # the file itself comes with it
    manifest, brought = there.manifest("mine"), there.user_file_entry("mine")
    assert manifest is not None
    assert {each["sha256"]: each["key"] for each in manifest["artifacts"]} == {
        each["sha256"]: each["key"] for each in here["artifacts"]
    }
    assert brought is not None
    assert (brought["precision"], brought["key"]) == ("fp32", manifest["key"])
    for words in (("models", "list"), ("matrix", "plan", "--device", "host", "--model", "mine")):
        done = on_board(*words)
        assert done.returncode == 0, done.stderr
    (there.root / brought["path"]).unlink()
    assert on_board("models", "list").returncode == 0
    done = on_board("matrix", "plan", "--device", "host", "--model", "mine")
    assert done.returncode == 3
    assert "is missing in the store" in " ".join(done.stderr.split())
    assert on_board("models", "pull", "--registry", registry.address, "mine").returncode == 0
    assert list(there.verify()) == []


def test_what_is_not_there_says_what_to_do(registry: Proxy, board: tuple[Store, Bench]) -> None:
    _, on_board = board
    done = on_board("models", "pull", "--registry", registry.address, "vgg19")
    assert done.returncode == 3
    assert "has no vgg19 that these sources make" in " ".join(done.stderr.split())
    assert "bench models push vgg19" in " ".join(done.stderr.split())
