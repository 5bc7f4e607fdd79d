"""The runner on the oldest Python that a board has, with the oldest framework, on a model of the store."""

import hashlib
import json
import os
import platform
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from bench.artifacts.store import Artifact, Store
from bench.core.errors import HostError
from bench.core.paths import PROJECT, cache, model_store
from bench.images.venvs import find_python

LOCK = Path(__file__).with_name("python36-requirements.txt")


@pytest.fixture(scope="module")
def python() -> str:
    """A Python 3.6 that runs; without one the test says that it was not run."""
    if platform.machine() != "x86_64":
        pytest.skip(f"Python 3.6 with ONNX Runtime 1.10: no wheels for {platform.machine()}")
    try:
        return find_python("3.6")
    except HostError as error:
        pytest.skip(f"{error}: the runner was not tried on it")


@pytest.fixture(scope="module")
def packages() -> Path:
    """A folder with the locked packages, made once. Today's pip fills it: none that runs on 3.6 is needed."""
    folder = cache() / "python36" / hashlib.sha256(LOCK.read_bytes()).hexdigest()[:12] / "site-packages"
    if not folder.is_dir():
        partial = folder.with_name("partial")
        shutil.rmtree(partial, ignore_errors=True)
        target = ["--python-version", "3.6", "--implementation", "cp", "--platform", "manylinux2014_x86_64"]
        subprocess.run(
            [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-compile", "--require-hashes",
             "--only-binary", ":all:", *target, "--target", str(partial), "-r", str(LOCK)],
            check=True,
        )  # fmt: skip
        partial.rename(folder)
    return folder


@pytest.fixture(scope="module")
def model() -> Artifact:
    """The exported mobilenet-v2; setup/tests makes it."""
    found = Store(model_store()).find("mobilenet-v2", "onnx", "fp32")
    if found is None:
        missing = "mobilenet-v2 is not in the model store: bench models build mobilenet-v2 --format onnx"
        (pytest.fail if os.environ.get("REQUIRE_ENGINE") == "1" else pytest.skip)(missing)
    return found


def test_mobilenet_runs_on_python_36_with_parity(python, packages, model, tmp_path):
    request = tmp_path / "request.json"
    request.write_text(
        json.dumps(
            {
                "protocol": 1,
                "framework": "onnxruntime",
                "artifact": {"path": str(model.path), "sha256": model.sha256, "format": model.format},
                "inputs": [{**given, "axes": None} for given in model.inputs],
                "threads": 1,
                "seed": model.seeds[0],
                "stop": {"iterations": 5, "seconds": 0},
                "reference": {
                    "path": str(model.reference),
                    "sha256": model.reference_sha256,
                    "bounds": {"max_rel": 1e-3, "cosine": 0.9999},
                },
            }
        )
    )
    done = subprocess.run(
        [python, "-m", "runner", "infer", "--request", str(request)],
        cwd="/",
        env={"PYTHONPATH": f"{PROJECT}:{packages}", "PYTHONDONTWRITEBYTECODE": "1", "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        timeout=120,
    )
    events = {event["event"]: event for event in map(json.loads, done.stdout.splitlines())}
    assert "done" in events, done.stdout[-500:] + done.stderr[-2000:]
    assert events["hello"]["python"].startswith("3.6.")
    assert events["hello"]["versions"] == {"onnxruntime": "1.10.0", "numpy": "1.19.5"}
    assert events["output"]["parity"]["top1"] is True
    assert events["done"]["samples"] == 5
    assert any("onnxruntime" in name for name in events["loaded"]["libraries"])
