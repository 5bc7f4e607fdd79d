"""Google's pycoral and the package index's unrelated one: the lock file lets only Google's in."""

import subprocess
import sys
from pathlib import Path

import pytest

from bench.core.paths import PROJECT
from bench.images import local
from tests.support.wheels import make_wheel

CORAL = PROJECT / "images" / "coral"
TAG = "cp39-cp39-linux_x86_64"


@pytest.fixture
def install(tmp_path: Path):
    """Ask pip, as a build does, for what the lock file says of pycoral, where a folder is all that it may look at."""
    lines = (CORAL / "requirements.txt").read_text().split("pycoral==")[1].splitlines()
    lock = tmp_path / "lock.txt"
    lock.write_text("pycoral==" + "\n".join(lines[:3]) + "\n")
    wheels = tmp_path / "wheels"
    wheels.mkdir()

    def call() -> subprocess.CompletedProcess[str]:
        target = ["--python-version", "3.9", "--implementation", "cp", "--abi", "cp39", "--platform", "linux_x86_64"]
        return subprocess.run(
            [sys.executable, "-m", "pip", "--isolated", "install", "--dry-run", "--no-index", "--no-deps",
             "--require-hashes", "--only-binary", ":all:", *target, "--target", str(tmp_path / "installed"),
             "--find-links", str(wheels), "-r", str(lock)],
            capture_output=True, text=True, timeout=60, env={"PATH": "", "PIP_CONFIG_FILE": "/dev/null"},
        )  # fmt: skip

    return wheels, call


def test_the_indexs_own_pycoral_is_not_taken(install):
    wheels, call = install
    make_wheel(wheels, "pycoral", "0.2.0", "py3-none-any", {"pycoral/pycoral.py": ""})
    done = call()
    assert done.returncode != 0
    assert "No matching distribution found for pycoral==2.0.0" in done.stderr


def test_nor_is_another_that_takes_googles_version(install):
    wheels, call = install
    make_wheel(wheels, "pycoral", "2.0.0", TAG, {"pycoral/utils/edgetpu.py": ""})
    done = call()
    assert done.returncode != 0
    assert "DO NOT MATCH THE HASHES" in done.stderr


def test_pins_index_and_guard_are_googles():
    pins = local.pins("coral", "amd64")
    assert (pins["pycoral"], pins["tflite-runtime"]) == ("2.0.0", "2.5.0.post1")
    assert (CORAL / "vendor.txt").read_text().split() == ["pycoral", "https://google-coral.github.io/py-repo/"]
    assert "pycoral/utils/edgetpu.py" in (CORAL / "Dockerfile").read_text()
