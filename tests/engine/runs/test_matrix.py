"""The main job on a real engine: plan, run, report, and a run that is cut short at any moment."""

import json
import os
import signal
from collections import Counter
from pathlib import Path

import pytest

from bench.core.matrix.arm_names import ARMS
from tests.engine.conftest import CELL, containers, journal, wait_for, written

pytestmark = pytest.mark.engine

# One line a launch, however busy the machine.
RUN = ("matrix", "run", "--device", "host", "--select", CELL, "--profile", "demo", "--quiet", "--no-replace")


@pytest.fixture(scope="module")
def measured(made, tmp_path_factory):
    """One run of three arms and three blocks, which several tests look at."""
    import subprocess

    from tests.engine.conftest import BENCH

    folder = tmp_path_factory.mktemp("measured")
    done = subprocess.run([*BENCH, *RUN, "--blocks", "3", "--json"], cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return folder / json.loads(done.stdout)["path"]


def lines_of(run: Path) -> list[dict]:
    return [json.loads(line) for line in (run / "journal.jsonl").read_text().splitlines()]


def test_every_launch_is_in_the_journal_with_its_samples(measured):
    lines = lines_of(measured)
    facts = json.loads((measured / "run.json").read_text())
    assert [line["launch"] for line in lines] == facts["plan"]["launches"]
    assert len(lines) == 3 * len(ARMS)
    for line in lines:
        assert line["status"] == "ok", line
        assert len(line["samples"]) >= 20
        assert min(line["samples"]) > 0
        assert line["output"]["parity"]["max_rel"] < 1e-3
        assert 0 < line["loaded"]["load_ns"] < line["wall_ns"]
    image = facts["images"]["onnxruntime"]
    assert image["digest"].startswith("sha256:")
    assert image["labels"]["org.edgebench.protocol"] == "1"


def test_all_arms_get_the_same_and_differ_only_in_what_an_arm_is(measured):
    hellos = {line["arm"]: line["hello"] for line in lines_of(measured)}
    for key in ("versions", "runner_sha256", "affinity", "threads", "env", "uid"):
        assert len({json.dumps(hello[key], sort_keys=True) for hello in hellos.values()}) == 1, key
    arguments = {arm: hello["argv"][1:] for arm, hello in hellos.items()}
    assert len({json.dumps(words) for words in arguments.values()}) == 1
    kernel = {arm: hello["kernel"] for arm, hello in hellos.items()}
    assert kernel["container"]["seccomp"] == "2"
    assert kernel["rootfs"]["seccomp"] == kernel["native"]["seccomp"] == "0"
    assert int(kernel["container"]["cap_eff"], 16) == 0
    spaces = {arm: facts["namespaces"] for arm, facts in kernel.items()}
    assert spaces["rootfs"]["net"] == spaces["native"]["net"] != spaces["container"]["net"]
    assert spaces["rootfs"]["mnt"] != spaces["native"]["mnt"]
    libraries = [line["loaded"]["libraries"] for line in lines_of(measured)]
    assert libraries[0]
    assert all(found == libraries[0] for found in libraries)


def test_the_report_has_three_ratios_and_the_digest(measured, bench, tmp_path):
    done = bench("report", str(measured), "--json", "--html", str(tmp_path / "report.html"))
    assert done.returncode == 0, done.stderr
    (cell,) = json.loads(done.stdout)["cells"]
    assert cell["cell"] == CELL
    assert set(cell["arms"]) == set(ARMS)
    for arm in cell["arms"].values():
        assert arm["launches"] == 3
        assert 0 < arm["median_ms"] <= arm["p90_ms"] <= arm["p99_ms"]
        assert arm["load_ms"] > 0
        assert arm["first_ms"] > 0
    assert set(cell["ratios"]) == {"virtualization", "userland", "total"}
    for ratio in cell["ratios"].values():
        assert ratio["comparable"] is True, ratio["reason"]
        assert ratio["ci95"][0] < ratio["ratio"] < ratio["ci95"][1]
        assert ratio["verdict"] in {"equivalent", "different", "inconclusive"}
    assert cell["image"]["digest"].startswith("sha256:")
    assert len(cell["artifact"]["sha256"]) == 64
    assert (tmp_path / "report.html").read_text().startswith("<!")


def test_nothing_is_left_behind(measured, made):
    assert containers(made, measured.name) == []
    assert "edgebench-matrix/rootfs" not in Path("/proc/self/mountinfo").read_text()


@pytest.mark.alone
def test_a_plan_starts_nothing(bench, made):
    before = containers(made)
    done = bench("matrix", "plan", "--device", "host", "--json", env={"DOCKER_HOST": "unix:///nowhere"})
    assert done.returncode == 0, done.stderr
    cells = json.loads(done.stdout)["cells"]
    assert {"cell", "arms", "blocks"} <= cells[0].keys()
    assert containers(made) == before


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT, signal.SIGTERM])
def test_a_run_cut_short_is_completed_with_every_launch_once(how, made, bench, background, tmp_path):
    process = background(*RUN, "--blocks", "4")
    wait_for(lambda: written(tmp_path / "results") >= 4)
    (run,) = (tmp_path / "results").iterdir()
    if how is signal.SIGKILL:
        wait_for(lambda: containers(made, run.name))
    process.send_signal(how)
    _, said = process.communicate(timeout=60)
    assert process.returncode == (-9 if how is signal.SIGKILL else 130)
    if how is not signal.SIGKILL:
        assert "bench matrix resume" in said
        assert containers(made, run.name) == []
    kept = journal(tmp_path / "results")

    done = bench("matrix", "resume", run.name, "--quiet")
    assert done.returncode == 0, done.stderr
    after = journal(tmp_path / "results")
    assert after[: len(kept)] == kept, "what was measured stays as it was"
    assert Counter(line["launch"] for line in after) == dict.fromkeys(
        json.loads((run / "run.json").read_text())["plan"]["launches"], 1
    )
    assert containers(made, run.name) == []


@pytest.mark.alone
def test_clean_removes_what_a_killed_run_left_and_nothing_else(made, bench, background, tmp_path):
    other = made.containers.create("edgebench/onnxruntime:amd64", labels={"somebody": "else"})
    try:
        process = background(*RUN, "--blocks", "4", "--arms", "container")
        wait_for(lambda: written(tmp_path / "results"))
        [run] = (tmp_path / "results").iterdir()
        wait_for(lambda: containers(made, run.name))
        process.kill()
        process.communicate()
        done = bench("matrix", "clean")
        assert done.returncode == 0, done.stderr
        assert containers(made) == [], "of this run or of any other"
        other.reload()
    finally:
        other.remove(force=True)


@pytest.mark.parametrize("arm", ["rootfs", "native"])
def test_a_killed_bench_takes_its_process_with_it(arm, made, background, tmp_path):
    process = background(*RUN, "--blocks", "50", "--arms", arm)
    wait_for(lambda: written(tmp_path / "results"))
    wait_for(lambda: runners(process.pid))
    children = runners(process.pid)
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()
    wait_for(lambda: not any(Path(f"/proc/{child}").exists() for child in children), 10)
    assert "edgebench-matrix/rootfs" not in Path("/proc/mounts").read_text()


def runners(parent: int) -> list[int]:
    """The processes that a bench process has started."""
    return [int(pid) for pid in Path(f"/proc/{parent}/task/{parent}/children").read_text().split()]
