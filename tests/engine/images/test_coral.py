"""The image of Coral, whose packages only Google's own index has: built with stand-ins for them, under another tag.

What is tried is every line of ours: Dockerfile, guard, adapter. What Google's packages do is not.
"""

import json
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import docker
import pytest

from bench.core.errors import HostError
from bench.core.paths import PROJECT
from bench.images import bake, local
from bench.images.engine import LABEL
from runner.protocol import hash_artifact
from tests.support.wheels import make_wheel

pytestmark = pytest.mark.engine

TAG = "edgebench/coral-stand-in"
MACHINES = {"amd64": "x86_64", "arm64": "aarch64"}
# What tflite_runtime has of these names, as far as the adapter goes when there is no device.
INTERPRETER = """
import ctypes
class Interpreter: pass
def load_delegate(library, options=None): return ctypes.CDLL(library)
"""
GOOGLES = {"pycoral/__init__.py": "", "pycoral/utils/__init__.py": "", "pycoral/utils/edgetpu.py": ""}


@pytest.fixture
def build(engine: docker.DockerClient, tmp_path: Path, monkeypatch) -> Iterator[Callable[..., str]]:
    """Build the image with a pycoral of these files, and a lock file that names the stand-ins' hashes."""
    refs = []

    def call(pycoral: dict[str, str], platform: str) -> str:
        context, wheels = tmp_path / "context", tmp_path / "wheels"
        shutil.copytree(PROJECT / "images" / "coral", context)
        wheels.mkdir()
        tag = f"cp39-cp39-linux_{MACHINES[platform]}"
        runtime = {"tflite_runtime/__init__.py": "", "tflite_runtime/interpreter.py": INTERPRETER}
        made = {
            "pycoral==2.0.0": make_wheel(wheels, "pycoral", "2.0.0", tag, pycoral),
            "tflite-runtime==2.5.0.post1": make_wheel(wheels, "tflite_runtime", "2.5.0.post1", tag, runtime),
        }
        lock = context / "requirements.txt"
        others = lock.read_text().split("pycoral==")[0]
        lock.write_text(others + "".join(f"{pin} --hash=sha256:{digest}\n" for pin, digest in made.items()))
        monkeypatch.setenv("PIP_FIND_LINKS", f"{wheels} {os.environ.get('PIP_FIND_LINKS', '')}")
        refs.append(f"{TAG}:{platform}")
        bake.export("coral", platform, {"context": str(context), "tags": refs[-1]})
        return refs[-1]

    yield call
    for ref in refs:
        try:
            engine.images.remove(ref, force=True)
        except docker.errors.ImageNotFound:
            continue


def run(engine: docker.DockerClient, ref: str, platform: str, *words: str, **options) -> list[dict]:
    """The events of the runner in a container without rights."""
    container = engine.containers.create(
        ref, list(words), platform=f"linux/{platform}", init=True, labels={LABEL: "tests"}, network_mode="none",
        read_only=True, tmpfs={"/tmp": ""}, cap_drop=["ALL"], **options,
    )  # fmt: skip
    try:
        container.start()
        container.wait(timeout=300)
        return [json.loads(line) for line in container.logs(stderr=False).decode().splitlines()]
    finally:
        container.remove(force=True)


def check(engine: docker.DockerClient, ref: str, platform: str, folder: Path) -> None:
    """The image starts, knows its packages, and says which library of the host it lacks."""
    attributes = engine.images.get(ref).attrs
    assert (attributes["Architecture"], attributes["Config"]["User"]) == (platform, "65532:65532")
    (probe,) = run(engine, ref, platform, "probe")
    assert (probe["machine"], probe["python"].rpartition(".")[0]) == (MACHINES[platform], "3.9")
    assert probe["frameworks"]["coral"] == {
        name: local.pins("coral", platform)[name] for name in ("numpy", "pycoral", "tflite-runtime")
    }
    artifact, request = folder / "model.tflite", folder / "request.json"
    seen = [docker.types.Mount(str(folder), str(folder), type="bind", read_only=True)]
    for content, lacks in ((b"no model", "not compiled for the Edge TPU"), (b"edgetpu-custom-op", "libedgetpu.so.1")):
        artifact.write_bytes(content)
        request.write_text(
            json.dumps(
                {
                    "protocol": 1, "framework": "coral", "device": "EDGETPU", "threads": 1, "inputs": [],
                    "artifact": {"path": str(artifact), "sha256": hash_artifact(str(artifact)), "format": "edgetpu"},
                    "measure": ["output"],
                }
            )
        )  # fmt: skip
        *_, error = run(engine, ref, platform, "infer", "--request", str(request), mounts=seen, user="0")
        assert (error["event"], error["class"]) == ("error", "load")
        assert lacks in error["message"]


def test_it_builds_and_starts_with_stand_ins(engine, build, tmp_path):
    platform = local.native_platform()
    check(engine, build(GOOGLES, platform), platform, tmp_path)


@pytest.mark.emulated
def test_so_it_does_for_arm64(engine, build, tmp_path):
    status = subprocess.run([PROJECT / "setup" / "emulation", "status"], capture_output=True, text=True, timeout=60)
    if status.returncode:
        (pytest.fail if os.environ.get("REQUIRE_EMULATION") == "1" else pytest.skip)(status.stdout.strip())
    check(engine, build(GOOGLES, "arm64"), "arm64", tmp_path)


def test_a_pycoral_that_is_not_googles_ends_the_build(build):
    with pytest.raises(HostError, match="is not Google's"):
        build({"pycoral/__init__.py": "", "pycoral/pycoral.py": ""}, local.native_platform())


def test_without_its_wheels_the_build_says_what_is_missing(engine, tmp_path, monkeypatch):
    """Google's index cannot be reached, the usual one has only the other pycoral, and no wheelhouse has the wheel."""
    monkeypatch.setenv("PIP_RETRIES", "0")
    context = tmp_path / "context"
    shutil.copytree(PROJECT / "images" / "coral", context)
    (context / "vendor.txt").write_text("pycoral http://127.0.0.1:9/simple\n")
    with pytest.raises(HostError) as raised:
        bake.export("coral", local.native_platform(), {"context": str(context), "tags": f"{TAG}:never"})
    assert f"coral for {local.native_platform()}" in str(raised.value)
    assert (
        raised.value.hint
        == "no index has pycoral==2.0.0 for coral: put its wheel into a folder that PIP_FIND_LINKS names"
    )
    assert not engine.images.list(f"{TAG}:never")
