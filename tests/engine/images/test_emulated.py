"""Each framework's arm64 image on a machine of another architecture: it starts, knows itself, and infers what it must.

Left out where arm64 cannot be run or an image was not built; with REQUIRE_EMULATION=1 that is a failure.
"""

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

import docker
import pytest

from bench.core.errors import ConfigError, HostError
from bench.core.matrix.plan import Selection, make_plan
from bench.core.matrix.schema import load_matrix
from bench.core.paths import PROJECT
from bench.images import engine as engines
from bench.images import local
from bench.run.requests import prepare_requests
from runner.protocol import hash_runner

pytestmark = [pytest.mark.engine, pytest.mark.emulated]

PLATFORM = "arm64"
MATRIX = load_matrix()
BUILT = ("built", "emulated", "measured")  # levels at which there is an image
FRAMEWORKS = [name for name, entry in MATRIX.frameworks.items() if entry.platforms.get(PLATFORM) in BUILT]
INFERRING = [name for name in FRAMEWORKS if MATRIX.frameworks[name].platforms[PLATFORM] != "built"]
SECONDS = 600


def missing(reason: str) -> NoReturn:
    if os.environ.get("REQUIRE_EMULATION") == "1":
        pytest.fail(f"REQUIRE_EMULATION=1, and {reason}")
    pytest.skip(reason)


@pytest.fixture(scope="module")
def emulator(engine: docker.DockerClient) -> docker.DockerClient:
    """The engine, which runs arm64 although this machine is none."""
    if local.native_platform() == PLATFORM:
        pytest.skip("this machine is arm64 itself: test_images.py and test_frameworks.py try these images")
    status = subprocess.run([PROJECT / "setup" / "emulation", "status"], capture_output=True, text=True, timeout=60)
    if status.returncode:
        missing(status.stdout.strip())
    return engine


def require(engine: docker.DockerClient, framework: str) -> local.Image:
    """The arm64 image as the sources say it must be."""
    try:
        return local.require(engine, framework, PLATFORM)
    except HostError as error:
        missing(f"{error}; bench images build {framework} --platform {PLATFORM}")


def run(engine: docker.DockerClient, image: local.Image, *words: str, see: tuple[Path, ...] = ()) -> list[dict]:
    """The events of the runner in a container with no rights, which is gone afterwards."""
    container = engine.containers.create(
        image.ref, list(words), platform=f"linux/{PLATFORM}", init=True, labels={engines.LABEL: "tests"},
        network_mode="none", read_only=True, tmpfs={"/tmp": ""}, cap_drop=["ALL"], user=f"{os.getuid()}:{os.getgid()}",
        security_opt=["no-new-privileges"], environment={"HOME": "/tmp", "OMP_NUM_THREADS": "2"},
        mounts=[docker.types.Mount(str(path), str(path), type="bind", read_only=True) for path in see],
    )  # fmt: skip
    try:
        container.start()
        code = container.wait(timeout=SECONDS)["StatusCode"]
        said = container.logs(stdout=True, stderr=False).decode()
        complained = container.logs(stdout=False, stderr=True).decode()[-2000:]
    finally:
        engines.remove(container)
    assert code in (0, 1), f"exit code {code}: {complained}"
    return [json.loads(line) for line in said.splitlines()]


@pytest.fixture
def infer(emulator: docker.DockerClient, tmp_path: Path) -> Callable[..., list[dict]]:
    """Launch one cell in its arm64 image, with what the request says to measure changed."""

    def launch(framework: str, **changes: object) -> list[dict]:
        image = require(emulator, framework)
        plan = make_plan(MATRIX, Selection(device="host", frameworks=[framework], models=["cifarnet"], seed=0))
        try:
            (prepared,) = prepare_requests(plan, MATRIX, threads=2).values()
        except (ConfigError, HostError) as error:
            missing(f"{error}; {error.hint}")
        request = tmp_path / "request.json"
        request.write_text(json.dumps({**json.loads(prepared.request.read_text()), **changes}))
        return run(emulator, image, "infer", "--request", str(request), see=(*prepared.mounts, tmp_path))

    return launch


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_it_starts_and_says_what_it_is(emulator, framework):
    image = require(emulator, framework)
    assert emulator.images.get(image.image_id).attrs["Architecture"] == PLATFORM
    (probe,) = run(emulator, image, "probe")
    assert (probe["machine"], probe["emulated_on"]) == ("aarch64", os.uname().machine)
    assert probe["runner_sha256"] == hash_runner()
    assert probe["frameworks"][framework].items() <= local.pins(framework, PLATFORM).items()


@pytest.mark.parametrize("framework", INFERRING)
def test_one_inference_is_the_references(infer, framework):
    events = infer(framework, measure=["output"])
    assert [event["event"] for event in events] == ["hello", "loaded", "output", "done"], events[-1]
    hello, _, output, done = events
    assert (hello["machine"], hello["emulated_on"]) == ("aarch64", os.uname().machine)
    assert output["parity"]["top1"] is True
    assert output["parity"]["cosine"] > 0.9999
    assert (done["event"], done["samples"]) == ("done", 0)


@pytest.mark.parametrize("measure", [["latency", "output"], ["memory"]])
def test_nothing_is_timed(infer, measure):
    (error,) = infer("tflite", measure=measure)
    assert (error["event"], error["class"]) == ("error", "request")
    assert "emulated" in error["message"]


def test_the_frameworks_that_must_infer_do():
    assert {"tflite", "litert", "pytorch", "ncnn", "onnxruntime"} <= set(INFERRING)
