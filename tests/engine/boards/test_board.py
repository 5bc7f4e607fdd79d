"""A board over SSH: a real sshd and a second engine in a network namespace, and what happens when either goes away."""

import json
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import docker
import pytest

from bench.core.address import parse
from bench.core.matrix.schema import Sensing
from bench.hosts.sensors import Sampler
from bench.remote.agent_client import AgentClient
from bench.remote.failures import BoardError
from bench.run.machine import machine_at
from tests.engine.conftest import journal, wait_for, written
from tests.support.board import FREQUENCIES, FakeBoard, lacking
from tests.support.sensor_trees import TX2, plant

pytestmark = pytest.mark.engine
CELL = (
    "--framework",
    "onnxruntime",
    "--model",
    "cifarnet",
    "--profile",
    "demo",
    "--seed",
    "7",
    "--no-replace",
    "--quiet",
)


@pytest.fixture(scope="session")
def board(made: docker.DockerClient, tmp_path_factory: pytest.TempPathFactory) -> Iterator[FakeBoard]:
    """The board of the session, and the environment that leads to it."""
    if why := lacking():
        (pytest.fail if os.environ.get("REQUIRE_ENGINE") == "1" else pytest.skip)(f"no board can be made: {why}")
    there = FakeBoard(tmp_path_factory.mktemp("board"))
    try:
        there.start()
        os.environ.update(there.env)
        yield there
    finally:
        os.environ.pop("EDGEBENCH_SSH", None)
        there.stop()


@pytest.fixture
def run(board, bench):
    """`bench matrix run` of the cell on the board."""
    return lambda *words: bench("matrix", "run", *CELL, "--host", board.address, *words)


def verdicts(report: dict[str, Any]) -> Any:
    """What a report compares, over how many blocks, and whether that may be compared; without its numbers."""
    return {
        cell["cell"]: {
            "status": cell["status"],
            "failures": cell["failures"],
            "artifact": cell["artifact"]["sha256"],
            "arms": {
                name: (arm["launches"], arm["failed"], sorted(arm["phases"])) for name, arm in cell["arms"].items()
            },
            "ratios": {
                name: [sorted(ratio), *(ratio[key] for key in ("comparable", "reason", "blocks"))]
                + [each["margin"] for each in ratio["margins"]]
                for name, ratio in cell["ratios"].items()
            },
        }
        for cell in report["cells"]
    }


def facts(results: Path) -> dict[str, Any]:
    (path,) = results.glob("*/run.json")
    return dict(json.loads(path.read_text()))


def test_all_arms_give_the_same_verdicts_as_here(board, run, bench, tmp_path):
    there, here = run("--blocks", "2", "--results", "there"), bench("matrix", "run", *CELL, "--blocks", "2")
    assert (there.returncode, here.returncode) == (0, 0), there.stderr + here.stderr
    lines, own = journal(tmp_path / "there"), journal(tmp_path / "results")
    assert [line["launch"] for line in lines] == [line["launch"] for line in own]
    for line, other in zip(lines, own, strict=True):
        assert (line["status"], line["output"]["parity"]["agree"]) == ("ok", other["output"]["parity"]["agree"])
        assert line["hello"]["versions"] == other["hello"]["versions"]
        for key in ("artifact_sha256", "libraries"):
            assert line["loaded"][key] == other["loaded"][key]
        assert 0 < line["hello"]["t_ns"] - line["start_ns"] < line["wall_ns"], "on the board's clock"
    reports = [bench("report", "latest", "--results", each, "--json") for each in ("there", "results")]
    assert [report.returncode for report in reports] == [0, 0], reports[0].stderr
    said, wanted = (json.loads(report.stdout) for report in reports)
    assert verdicts(said) == verdicts(wanted)
    (cell,) = said["cells"]
    assert list(cell["ratios"]) == ["virtualization", "userland", "total"]
    assert all(ratio["comparable"] for ratio in cell["ratios"].values())
    host, mine = facts(tmp_path / "there")["host"], facts(tmp_path / "results")["host"]
    assert host["address"] == board.address
    assert host.keys() == mine.keys() | {"address", "machine_id", "boot_id"}
    same = ("kernel", "os", "cpu_model", "cpus", "memory_bytes", "virtualization", "compatible")
    assert [host[key] for key in same] == [mine[key] for key in same]
    assert host["namespaces"]["net"] != str(Path("/proc/self/ns/net").readlink()), "it was launched in the board's"
    assert host["engine"]["storage_driver"]


def test_nothing_travels_twice_and_nothing_stays_behind(board, run):
    """Run behind the first test: all that a launch needs is there by then."""
    before = sorted(board.cache.glob("store/*"))
    done = run("--blocks", "1", "--arms", "container,native")
    assert done.returncode == 0, done.stderr
    assert "MB sent" not in done.stderr
    assert "copying" not in done.stderr
    assert sorted(board.cache.glob("store/*")) == before
    client = docker.DockerClient(base_url=f"unix://{board.socket}")
    assert client.containers.list(all=True) == []
    client.close()
    assert not list(board.cache.glob("*/partial-*"))


@pytest.mark.parametrize("arm", ["native", "container"])
def test_a_lost_connection_fails_loudly_and_the_run_goes_on(board, run, bench, background, tmp_path, arm):
    results = tmp_path / "results"
    words = ("matrix", "run", *CELL, "--host", board.address, "--arms", arm, "--blocks", "12")
    process = background(*words)
    wait_for(lambda: written(results))
    second = run("--arms", arm, "--results", "second")
    assert second.returncode == 3
    assert f"another bench measures on {board.address}" in second.stderr
    wait_for(lambda: launched(board))
    board.stop_sshd()
    try:
        _, said = process.communicate(timeout=60)
        kept = journal(results)
        assert process.returncode == 3, said
        assert "connection-lost: " in said
        assert "bench matrix resume" in said
        assert 0 < len(kept) < 12
        assert all(line["status"] == "ok" for line in kept)
        if arm == "native":
            wait_for(lambda: not launched(board), 20)
    finally:
        board.start_sshd()
    done = bench("matrix", "resume", "latest")
    assert done.returncode == 0, done.stderr
    lines = journal(results)
    assert lines[: len(kept)] == kept
    assert len({line["launch"] for line in lines}) == len(lines) == 12
    client = docker.DockerClient(base_url=f"unix://{board.socket}")
    assert client.containers.list(all=True) == []
    client.close()


def launched(board: FakeBoard) -> list[int]:
    """The runners that run with a request of the board's."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = path.read_bytes().split(b"\0")
        except OSError:
            continue
        if b"infer" in words and any(str(board.cache).encode() in word for word in words) and b"-m" in words:
            found.append(int(path.parent.name))
    return found


def test_a_changed_host_key_is_not_trusted(board, bench):
    board.stop_sshd()
    board.key("host")
    board.start_sshd()
    try:
        said = bench("devices", "probe", "--host", board.address)
        assert said.returncode == 3
        assert "host-key-changed: " in said.stderr
        assert "ssh-keygen -R" in said.stderr
    finally:
        board.know()
    assert bench("devices", "probe", "--host", board.address).returncode == 0


def test_a_board_that_nobody_knows_and_a_user_that_it_does_not_know(board, bench):
    known = board.folder / "known_hosts"
    text = known.read_text()
    known.write_text("")
    said = bench("devices", "probe", "--host", board.address)
    known.write_text(text)
    assert (said.returncode, "host-unknown: " in said.stderr) == (3, True), said.stderr
    said = bench("devices", "probe", "--host", "ssh://nobody-there@edgebench-board")
    assert (said.returncode, "login-refused: " in said.stderr) == (3, True), said.stderr
    said = bench("devices", "probe", "--host", "ssh://edgebench-board:1")
    assert said.returncode == 0, "the ProxyCommand of the test knows one port only"


def test_a_full_card_is_said_before_anything_is_launched(board, run, tmp_path):
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(board.cache)], check=True)
    try:
        done = run("--arms", "native")
        left = list(board.cache.glob("store/*"))
    finally:
        subprocess.run(["umount", str(board.cache)], check=True)
    assert done.returncode == 3
    assert "disk-full: " in done.stderr
    assert "EDGEBENCH_CACHE" in done.stderr
    assert not list(tmp_path.glob("results/*"))
    assert not [path for path in left if path.name.startswith("partial-")]


def test_a_restarted_board_is_noticed(board):
    with AgentClient(parse(board.address)) as connected:
        connected.boot = "another"
        with pytest.raises(BoardError, match="board-restarted: "):
            connected.require_same_boot()


def test_its_sensors_are_read_through_the_same_connection(board, tmp_path):
    with machine_at(board.address) as machine:
        with Sampler(Sensing(root=str(plant(tmp_path, TX2)), period=0.02), machine.sense) as sampler:
            time.sleep(0.3)
            events = sampler.stop()
        assert events[-1]["event"] == "done"
        assert events[0]["machine"] == os.uname().machine
        assert {event["event"] for event in events} >= {"sensing", "reading"}
    logins = (board.folder / "sshd.log").read_text().count("Accepted publickey")
    with machine_at(board.address) as machine:
        machine.engine().ping()
        machine.host.run(["true"])
        subprocess.run([*machine.sense[:-1], machine.sense[-1] + " probe"], check=True, capture_output=True)
    assert (board.folder / "sshd.log").read_text().count("Accepted publickey") == logins + 1


def test_the_doctor_examines_it(board, run, bench):
    assert run("--arms", "container", "--blocks", "1").returncode == 0  # so that it has the image
    said = json.loads(bench("doctor", "--framework", "onnxruntime", "--host", board.address, "--json").stdout)
    lines = {line["topic"]: line for line in said["lines"]}
    assert lines["engine"]["level"] == "ok"
    assert lines["images"]["level"] == "ok"
    assert lines["container of onnxruntime"]["level"] == "ok", lines["container of onnxruntime"]
    assert any(str(board.cache) in line["said"] for line in said["lines"] if line["topic"] == "disk")


@pytest.mark.skipif(not FREQUENCIES.is_dir(), reason="the kernel has no frequency policies, where a board's could be")
def test_the_doctor_sets_what_is_measured_with_and_sets_it_back(board, bench, tmp_path):
    policy = tmp_path / "cpufreq" / "policy0"
    policy.mkdir(parents=True)
    (policy / "scaling_available_governors").write_text("performance schedutil\n")
    governor = policy / "scaling_governor"
    governor.write_text("schedutil\n")
    board.stop_sshd()
    board.start_sshd(frequencies=policy.parent)
    try:
        words = ("doctor", "--framework", "onnxruntime", "--host", board.address)
        before = bench(*words)
        assert "schedutil" in before.stdout, before.stdout + before.stderr
        fixed = bench(*words, "--fix")
        assert "set governor performance of policy0, was governor schedutil of policy0" in fixed.stderr + fixed.stdout
        assert governor.read_text().strip() == "performance"
        restored = bench(*words, "--restore")
        assert restored.returncode == 0, restored.stderr
        assert "restored governor schedutil of policy0" in restored.stderr + restored.stdout
        assert governor.read_text().strip() == "schedutil"
    finally:
        board.stop_sshd()
        board.start_sshd()


@pytest.mark.parametrize("arm", ["container", "native"])
def test_a_board_s_heat_is_studied(board, bench, tmp_path, arm):
    """On the desk lies what the sensors there said while it inferred there."""
    root = plant(tmp_path / "board", TX2)
    words = ("--framework", "onnxruntime", "--model", "cifarnet", "--arm", arm, "--host", board.address)
    done = bench("measure", "thermal", *words, "--minutes", "0.05", "--sensors-root", str(root), "--json")
    assert done.returncode == 0, done.stderr
    study = json.loads(done.stdout)
    events = [json.loads(line) for line in next(tmp_path.glob("results/*/events.jsonl")).read_text().splitlines()]
    assert {event["source"] for event in events} == {"runner", "sampler"}
    assert any(event.get("event") == "reading" for event in events)
    assert (study["host"]["address"], study["ended"], study["lost"]) == (board.address, None, [])
    assert study["seconds"] >= 3
    assert study["inferences"] == sum(event.get("inferences", 0) for event in events) > 0
    assert not launched(board)


def test_a_killed_bench_leaves_no_connection(board, background, tmp_path):
    process = background("matrix", "run", *CELL, "--host", board.address, "--arms", "native", "--blocks", "4")
    wait_for(lambda: launched(board))
    process.send_signal(signal.SIGKILL)
    wait_for(lambda: not launched(board), 20)
    with machine_at(board.address) as machine, machine.reserved():
        pass
