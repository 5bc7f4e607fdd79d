"""bench in its own image, called as docs/devices.md says: the engine's socket, the machine at /host, two folders."""

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from bench.core.paths import PROJECT, cache
from bench.images import bake
from bench.images import engine as engines
from bench.images.local import BENCH_IMAGE, native_platform
from tests.engine.conftest import CELL, containers, journal

pytestmark = pytest.mark.engine

RUN = ("matrix", "run", "--select", CELL, "--profile", "demo", "--blocks", "2", "--quiet", "--no-replace")
FREE = ("--privileged", "--pid=host", "--network=host")


@pytest.fixture(scope="module")
def socket(made) -> str:
    """The engine's socket; one that is reached otherwise cannot be given to a container."""
    bake.build([BENCH_IMAGE])
    paths = (address.removeprefix("unix://") for address in engines.addresses() if address.startswith("unix://"))
    for path in paths:
        if Path(path).exists():
            return path
    pytest.skip("the engine has no socket here")


@pytest.fixture
def inside(socket: str, tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Call bench in its image; `flags` are further ones of `docker run`."""

    def call(*words: str, flags: tuple[str, ...] = ("--network=none",), see: bool = True):
        home = str(cache())
        seen = ["-v", "/:/host:ro"] if see else []
        command = [
            PROJECT / "setup" / "env", "docker", "run", "--rm", *flags, *seen, "-v", f"{socket}:/var/run/docker.sock",
            "-v", f"{home}:{home}", "-e", f"EDGEBENCH_CACHE={home}", "-e", "EDGEBENCH_WAIT",
            "-v", f"{tmp_path}:{tmp_path}", "-w", str(tmp_path),
            f"edgebench/{BENCH_IMAGE}:{native_platform()}", *words,
        ]  # fmt: skip
        return subprocess.run(command, capture_output=True, text=True, timeout=600, env={**os.environ})

    return call


def test_it_measures_the_container_arm_and_reports(inside, made, tmp_path):
    done = inside(*RUN, "--arms", "container", "--json")
    assert done.returncode == 0, done.stderr
    run = json.loads(done.stdout)
    assert [line["status"] for line in journal(tmp_path / "results")] == ["ok", "ok"]
    facts = json.loads((tmp_path / run["path"] / "run.json").read_text())
    assert facts["versions"]["git"], "the commit that the image was built from"
    assert containers(made, run["run_id"]) == []
    report = inside("report", "latest", "--json")
    assert json.loads(report.stdout)["cells"][0]["arms"]["container"]["launches"] == 2


def test_it_knows_the_machine_around_it(inside):
    probe = json.loads(inside("devices", "probe", "--json").stdout)
    here = subprocess.run([PROJECT / ".venv/bin/bench", "devices", "probe", "--json"], capture_output=True, text=True)
    assert probe == json.loads(here.stdout)
    done = inside("doctor", "--framework", "onnxruntime", "--json")
    lines = {line["topic"]: line for line in json.loads(done.stdout)["lines"]}
    assert lines["engine"]["level"] == "ok"
    assert lines["container of onnxruntime"]["level"] == "ok"
    assert not [line for line in lines.values() if line["level"] == "fail"], lines


def test_without_the_machine_in_sight_it_guesses_nothing(inside):
    done = inside("devices", "probe", see=False)
    assert done.returncode == 3
    assert "-v /:/host:ro" in done.stderr


@pytest.mark.parametrize("arm", ["rootfs", "native"])
def test_an_arm_that_it_cannot_give_is_refused(arm, inside, tmp_path):
    done = inside(*RUN, "--arms", f"container,{arm}")
    assert done.returncode == 3, done.stdout
    assert f"the {arm} arm cannot be launched: bench runs in a container" in done.stderr
    assert not journal(tmp_path / "results")


def test_a_container_with_all_rights_has_the_rootfs_arm_and_never_the_native(inside, tmp_path):
    done = inside(*RUN, "--arms", "rootfs", flags=FREE)
    assert done.returncode == 0, done.stderr
    kernel = journal(tmp_path / "results")[0]["hello"]["kernel"]
    assert kernel["seccomp"] == "0"
    own = Path("/proc/self/ns/pid").readlink(), Path("/proc/self/ns/net").readlink()
    assert (kernel["namespaces"]["pid"], kernel["namespaces"]["net"]) == tuple(map(str, own))
    assert inside(*RUN, "--arms", "native", flags=FREE).returncode == 3
