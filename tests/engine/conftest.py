"""Running the real command line against the real engine."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import docker
import pytest

from bench.artifacts.store import Store
from bench.core.errors import HostError
from bench.core.paths import cache, model_store
from bench.images import engine as engines
from bench.images.engine import LABEL
from bench.images.local import native_platform, require
from bench.run import cleanup

BENCH = [sys.executable, "-m", "bench.cli.app"]
CELL = "host/onnxruntime/cifarnet/fp32"


@pytest.fixture(scope="session")
def made(engine: docker.DockerClient) -> docker.DockerClient:
    """The engine, with the image and the model of CELL; setup/tests makes both."""
    try:
        require(engine, "onnxruntime", native_platform())
    except HostError as error:
        pytest.fail(f"{error}; {error.hint}")
    assert Store(model_store()).find("cifarnet", "onnx", "fp32"), "bench models build cifarnet --format onnx"
    return engine


@pytest.fixture
def bench(tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Call `bench …` with its results below the test's own folder."""

    def call(*words: str, env: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*BENCH, *words],
            cwd=tmp_path,
            env={**os.environ, **(env or {})},
            capture_output=True,
            text=True,
            timeout=600,
        )

    return call


@pytest.fixture
def background(tmp_path: Path, engine: docker.DockerClient):
    """Start `bench …` and have it ended with the test, whatever happens, and what it then leaves removed."""
    started: list[subprocess.Popen[str]] = []

    def start(*words: str, env: dict[str, str] | None = None) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [*BENCH, *words], cwd=tmp_path, env={**os.environ, **(env or {})},
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()
    for run in (tmp_path / "results").glob("*"):
        cleanup.containers(engine, run.name)


def answering() -> str:
    """The address of the engine in use, as DOCKER_HOST takes it."""
    return next(a for a in engines.addresses() if Path(a.removeprefix("unix://")).exists())


@contextmanager
def cache_apart(folder: Path, *, models: bool) -> Iterator[None]:
    """Everything here with a cache of its own, so that it waits for no test in another process, nor any for it.

    The engine is the same. Its models are those of all, or none.
    """
    shared, host = cache(), answering()
    (folder / "engine").symlink_to(shared / "engine")  # a private one's programs: docker's plugins are found there
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("EDGEBENCH_CACHE", str(folder))
        patch.setenv("DOCKER_HOST", host)
        if models:
            (folder / "models").symlink_to(shared / "models")
        yield


@pytest.fixture(scope="module")
def apart(made: docker.DockerClient, tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """The file's own cache, with the models of all."""
    with cache_apart(tmp_path_factory.mktemp("cache"), models=True):
        yield


def journal(results: Path) -> list[dict]:
    """The lines of the one run below a folder; every line must be whole."""
    paths = list(results.glob("*/journal.jsonl"))
    return [json.loads(line) for path in paths for line in path.read_text().splitlines()]


def written(results: Path) -> int:
    """How many lines the journal of a run that still goes on has by now: its last one may be half there."""
    return sum(path.read_bytes().count(b"\n") for path in results.glob("*/journal.jsonl"))


def wait_for(what: Callable[[], object], seconds: float = 120.0) -> object:
    """Wait until something is true; the test fails when it never is."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if found := what():
            return found
        time.sleep(0.05)
    pytest.fail("it never came to that")


def containers(engine: docker.DockerClient, run_id: str | None = None) -> list[str]:
    """The names of our containers that exist, running or not."""
    wanted = LABEL if run_id is None else f"{LABEL}={run_id}"
    return [c.name for c in engine.containers.list(all=True, filters={"label": wanted})]
