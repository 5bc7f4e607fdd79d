"""What goes wrong during a run is said, has its exit code, and costs nothing that was measured."""

import json
import os
import shutil
import socket
import subprocess
import threading
from contextlib import suppress
from pathlib import Path

import pytest

from bench.artifacts.store import Store
from bench.core.paths import model_store
from bench.images import engine as engines
from tests.engine.conftest import BENCH, CELL, answering, containers, journal, wait_for, written

pytestmark = pytest.mark.engine

# One line a launch, however busy the machine.
RUN = (
    "matrix", "run", "--device", "host", "--select", CELL, "--profile", "demo", "--quiet", "--no-replace",
    "--arms", "container",
)  # fmt: skip


def test_a_container_out_of_memory_has_a_reason_and_no_number(made, bench, tmp_path):
    done = bench(*RUN, "--blocks", "1", "--memory", "16m")
    assert done.returncode == 4, done.stderr
    assert "out-of-memory" in done.stderr
    assert "--memory" in done.stderr
    (line,) = journal(tmp_path / "results")
    assert (line["status"], line["reason"], line["samples"]) == ("failed", "out-of-memory", [])


def test_a_killed_container_fails_alone_and_can_be_run_again(made, bench, background, tmp_path):
    process = background(*RUN, "--blocks", "3")
    wait_for(lambda: list((tmp_path / "results").glob("*")))
    [run] = (tmp_path / "results").iterdir()
    mine = {"label": f"{engines.LABEL}={run.name}"}
    wait_for(lambda: made.containers.list(filters=mine))
    made.containers.list(filters=mine)[0].kill()
    _, said = process.communicate(timeout=120)
    assert process.returncode == 4, said
    reasons = [line["reason"] for line in journal(tmp_path / "results")]
    assert sorted(map(str, reasons)) == ["None", "None", "killed"]
    assert bench("matrix", "resume", str(run), "--retry-failed", "--quiet").returncode == 0
    lines = journal(tmp_path / "results")
    assert len(lines) == 4
    assert lines[-1]["attempt"] == 2
    report = json.loads(bench("report", str(run), "--json").stdout)
    assert report["cells"][0]["arms"]["container"]["launches"] == 3


def test_a_corrupted_model_is_refused(made, bench, tmp_path):
    artifact = Store(model_store()).find("cifarnet", "onnx", "fp32")
    moved = tmp_path / "cache"
    shutil.copytree(model_store(), moved / "models", symlinks=True)
    spoiled = moved / "models" / artifact.path.relative_to(model_store())
    spoiled.chmod(0o644)
    data = bytearray(spoiled.read_bytes())
    data[len(data) // 2] ^= 0xFF
    spoiled.write_bytes(data)
    done = bench(*RUN, "--blocks", "1", env={"EDGEBENCH_CACHE": str(moved), "DOCKER_HOST": answering()})
    assert done.returncode == 4, done.stderr
    assert "artifact-mismatch" in done.stderr
    assert journal(tmp_path / "results")[0]["samples"] == []


def test_a_container_that_takes_too_long_is_given_up(made, bench, tmp_path):
    done = bench(*RUN, "--blocks", "1", "--profile", "default", "--timeout", "1")
    assert done.returncode == 4, done.stderr
    assert journal(tmp_path / "results")[0]["reason"] == "timeout"
    [run] = (tmp_path / "results").iterdir()
    assert containers(made, run.name) == []


def test_a_cache_below_tmp_serves_the_rootfs_arm(made, bench, tmp_path):
    moved = tmp_path / "cache"  # pytest's folders are below /tmp, which the arm covers with an empty one
    shutil.copytree(model_store(), moved / "models", ignore=shutil.ignore_patterns("*.tflite", "*.savedmodel", "*.zip"))
    elsewhere = {"EDGEBENCH_CACHE": str(moved), "DOCKER_HOST": answering()}
    done = bench(*RUN[:-1], "rootfs", "--blocks", "1", env=elsewhere)
    assert done.returncode == 0, done.stderr
    assert [line["status"] for line in journal(tmp_path / "results")] == ["ok"]


def test_a_full_disk_loses_no_line_and_says_so(made, tmp_path):
    if os.getuid() != 0:
        pytest.skip("mounting a small disk needs root")
    small = tmp_path / "small"
    small.mkdir()
    run = " ".join([*BENCH, *RUN, "--blocks", "30", "--results", str(small)])
    script = (
        f"mount -t tmpfs -o size=64k tmpfs {small} && {{ {run}; code=$?; cp -r {small} {tmp_path}/kept; exit $code; }}"
    )
    done = subprocess.run(["unshare", "--mount", "sh", "-c", script], capture_output=True, text=True, timeout=300)
    assert done.returncode == 3, done.stderr
    assert "space" in done.stderr
    assert "resume" in done.stderr
    lines = journal(tmp_path / "kept")
    assert lines, "what was written before stays"
    assert all(line["status"] == "ok" for line in lines)


def test_without_an_engine_a_container_arm_is_refused_with_code_3(bench):
    done = bench(*RUN, "--blocks", "1", env={"DOCKER_HOST": "unix:///nowhere/docker.sock"})
    assert done.returncode == 3
    assert "no Docker engine answers" in done.stderr
    assert "make engine-up" in done.stderr


def test_a_missing_model_is_refused_with_the_command_that_makes_it(made, bench, tmp_path):
    elsewhere = {"EDGEBENCH_CACHE": str(tmp_path / "empty"), "DOCKER_HOST": answering()}
    done = bench(*RUN, "--blocks", "1", env=elsewhere)
    assert done.returncode == 3
    assert "bench models build cifarnet --format onnx" in done.stderr


def test_two_runs_at_once_are_refused(made, bench, background, tmp_path):
    background(*RUN, "--blocks", "20")
    wait_for(lambda: written(tmp_path / "results"))
    done = bench(*RUN, "--blocks", "1", env={"EDGEBENCH_WAIT": ""})
    assert done.returncode == 3
    assert "another bench measures or builds" in done.stderr


def test_an_engine_that_stops_during_a_run_ends_it_and_resume_completes_it(made, bench, background, tmp_path):
    relay = Relay(answering().removeprefix("unix://"), tmp_path / "engine.sock")
    try:
        process = background(*RUN, "--blocks", "6", env={"DOCKER_HOST": f"unix://{tmp_path}/engine.sock"})
        wait_for(lambda: written(tmp_path / "results") >= 2)
    finally:
        relay.stop()
    _, said = process.communicate(timeout=60)
    assert process.returncode == 3, said
    assert "engine stopped answering" in said
    assert "bench matrix resume" in said
    (run,) = (tmp_path / "results").iterdir()
    done = bench("matrix", "resume", str(run), "--quiet")
    assert done.returncode == 0, done.stderr
    launches = [line["launch"] for line in journal(tmp_path / "results")]
    assert len(launches) == len(set(launches)) == 6
    assert containers(made, run.name) == []


class Relay:
    """An engine's socket that can be taken away: connections are handed on until `stop`, then broken off."""

    def __init__(self, behind: str, front: Path) -> None:
        self.behind, self.open = behind, []
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(str(front))
        self.front = front
        self.listener.listen()
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self.listener.accept()
            except OSError:
                return
            far = socket.socket(socket.AF_UNIX)
            far.connect(self.behind)
            self.open += [near, far]
            for a, b in ((near, far), (far, near)):
                threading.Thread(target=self._pump, args=(a, b), daemon=True).start()

    @staticmethod
    def _pump(source: socket.socket, target: socket.socket) -> None:
        try:
            while data := source.recv(65536):
                target.sendall(data)
            target.shutdown(socket.SHUT_WR)
        except OSError:
            pass

    def stop(self) -> None:
        """Break off every connection, and refuse new ones."""
        self.front.unlink(missing_ok=True)
        self.listener.close()
        for end in self.open:
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
