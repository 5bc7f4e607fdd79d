"""The overhead study on a real engine: what ablations change, cold files, several containers at once, narrow enough."""

import json
import os
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
from rich.console import Console

from bench.arms.ablated import EMPTY
from bench.arms.ablations import ABLATIONS
from bench.arms.make import make_arms
from bench.artifacts.store import Store
from bench.core.matrix.plan import Cell, Launch, Selection, make_plan
from bench.core.matrix.schema import load_matrix
from bench.core.paths import model_store
from bench.images.local import native_platform
from bench.images.registry.locate import locate
from bench.run.execute import Settings, spec_of
from bench.run.requests import prepare_requests
from runner import pagecache
from tests.engine.conftest import BENCH, CELL, containers, journal, wait_for, written

pytestmark = [pytest.mark.engine, pytest.mark.alone]

RUN = ("--device", "host", "--select", CELL, "--quiet")


def call(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*BENCH, *words], cwd=folder, capture_output=True, text=True, timeout=600)


@pytest.fixture(scope="module")
def ablated(made, tmp_path_factory):
    """One run of every ablation that this engine has, two blocks: its folder and its report."""
    folder = tmp_path_factory.mktemp("ablated")
    words = ("--profile", "demo", "--arms", "container,native,ablations", "--blocks", "2", "--no-replace", "--json")
    done = call(folder, "matrix", "run", *RUN, *words)
    # A limit so near the working set may be too near; that is a result too, and has its reason.
    assert done.returncode in (0, 4), done.stderr
    run = folder / json.loads(done.stdout)["path"]
    report = call(folder, "report", str(run), "--json")
    assert report.returncode == 0, report.stderr
    return run, json.loads(report.stdout)["cells"][0]


def launched(run: Path) -> dict[str, list[dict]]:
    lines = [json.loads(line) for line in (run / "journal.jsonl").read_text().splitlines()]
    return {arm: [line for line in lines if line["arm"] == arm] for arm in {line["arm"] for line in lines}}


def test_every_ablation_is_launched_or_left_out_with_a_reason(ablated):
    run, cell = ablated
    found = launched(run)
    assert set(cell["attribution"]) == set(ABLATIONS)
    for name, entry in cell["attribution"].items():
        if name not in found:
            assert entry["reason"], name
            continue
        for line in found[name]:
            assert line["status"] == "ok" or (name, line["reason"]) == ("memory-limit", "out-of-memory"), line


@pytest.mark.parametrize("name", ABLATIONS)
def test_an_ablation_changes_exactly_the_facts_that_it_says(name, ablated):
    run, cell = ablated
    entry = cell["attribution"][name]
    if name not in launched(run):
        pytest.skip(f"{name}: {entry['reason']}")
    if name == "memory-limit" and entry["ratio"] is None:
        pytest.skip(f"{name}: {entry['reason']}")
    assert entry["comparable"] is True, entry["reason"]
    assert entry["unmeant"] == []
    assert entry["changed"].keys() <= set(ABLATIONS[name].facts)
    assert bool(entry["changed"]) == bool(ABLATIONS[name].facts)


def test_the_memory_limit_is_near_what_the_cell_needs(ablated):
    run, cell = ablated
    [limit] = json.loads((run / "run.json").read_text())["memory_limits"].values()
    peaks = [line["memory"]["cgroup_peak_bytes"] for line in launched(run)["container"]]
    assert min(peaks) < limit < 1.5 * max(peaks)
    told = {line["hello"]["kernel"]["memory_limit"] for line in launched(run)["memory-limit"] if line["hello"]}
    assert told <= {limit}
    assert cell["arms"]["container"]["cgroup_peak_mb"] > 0
    assert cell["arms"]["native"]["cgroup_peak_mb"] is None


def test_a_bound_root_runs_the_same_files_without_layers(ablated, made):
    run, _ = ablated
    bound, container = (launched(run)[arm] for arm in ("bind-root", "container"))
    assert bound[0]["loaded"]["libraries"] == container[0]["loaded"]["libraries"]
    for key in ("versions", "env", "python", "affinity"):
        assert bound[0]["hello"][key] == container[0]["hello"][key], key
    assert container[0]["hello"]["kernel"]["filesystem"].startswith("overlay ")
    assert not bound[0]["hello"]["kernel"]["filesystem"].startswith("overlay ")
    sizes = [image.attrs["Size"] for image in made.images.list(name=EMPTY)]
    assert sizes
    assert max(sizes) < 1_000_000, "an image of mount points alone"


def test_every_launch_says_when_it_began_and_what_the_host_did(ablated):
    run, cell = ablated
    for arm, lines in launched(run).items():
        for line in (line for line in lines if line["status"] == "ok"):
            hello, window = line["hello"], line["host_window"]
            tick = hello["process_start_resolution_ns"]
            assert line["start_ns"] - tick <= hello["process_start_ns"] < hello["first_line_ns"] < hello["t_ns"]
            assert (line["created_ns"] is None) == (arm == "native")
            assert window["timed"]["own"] > 0
            assert window["launch"]["seconds"] >= window["timed"]["seconds"]
        assert cell["arms"][arm]["phases"]["total"] > 0 or not any(line["status"] == "ok" for line in lines)


@pytest.fixture(scope="module")
def cold(made):
    """The arm with cold files, ready to launch CELL, and the artifact's path."""
    matrix = load_matrix()
    plan = make_plan(matrix, Selection(device="host", globs=[CELL], arms=["container", "cold-cache"], profile="demo"))
    find = locate(made, {"onnxruntime": native_platform()}, None, Console(), quiet=True)
    arm = make_arms(plan.arms, matrix, made, find)["cold-cache"]
    arm.prepare("onnxruntime")
    settings = Settings(run_id="test", cpus="0", threads=1, timeout=60.0, memory=None)
    prepared = prepare_requests(plan, matrix, 1)[CELL]
    artifact = Store(model_store()).find("cifarnet", "onnx", "fp32")
    return arm, spec_of(Launch(Cell(*CELL.split("/")), "cold-cache", 1), prepared, settings), str(artifact.path)


def test_cold_files_are_not_in_memory_and_a_launch_reads_them(cold):
    arm, spec, artifact = cold
    Path(artifact).read_bytes()
    assert pagecache.missing(artifact) == []
    arm.evict(spec)
    if not pagecache.missing(artifact):
        pytest.skip("somebody else on this machine reads the model, or its disk keeps all files in memory")
    outcome = arm.launch(spec)
    assert outcome.exit_code == 0, outcome.stderr
    assert pagecache.missing(artifact) == []


def test_what_was_read_from_the_disk_counts_as_the_group_s_memory(ablated):
    run, _ = ablated
    cold, warm = (
        max(line["memory"]["cgroup_peak_bytes"] for line in launched(run)[arm]) for arm in ("cold-cache", "container")
    )
    assert cold > 1.2 * warm, "the image's pages, which a warm launch finds in memory"


def test_a_run_that_stops_by_itself_says_why(made, bench, tmp_path):
    words = ("--profile", "demo", "--arms", "container,native", "--half-width", "90%", "--max-blocks", "11")
    done = bench("matrix", "run", *RUN, *words, "--samples", "20", "--no-replace")
    assert done.returncode == 0, done.stderr
    lines = journal(tmp_path / "results")
    [stop] = [line for line in lines if line.get("event") == "stop"]
    launches = [line for line in lines if "event" not in line]
    assert stop["block"] == max(line["block"] for line in launches)
    assert len(launches) == 2 * stop["block"]
    assert all(len(line["samples"]) == 20 for line in launches)
    reached = all(width is not None and width <= 0.9 for width in stop["half_widths"].values())
    assert stop["reason"] == ("reached" if reached else "max-blocks")
    assert stop["block"] == 10 or not reached or stop["block"] == 11
    report = json.loads(bench("report", "latest", "--json").stdout)
    assert report["cells"][0]["stop"]["reason"] == stop["reason"]
    assert report["cells"][0]["status"] == "ok"
    assert bench("matrix", "resume", "latest", "--quiet").returncode == 0
    assert journal(tmp_path / "results") == lines, "nothing was left to do"


def test_a_launch_beside_a_busy_neighbour_is_measured_again_and_shown(made, bench, tmp_path):
    neighbours = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in os.sched_getaffinity(0)]
    try:
        done = bench("matrix", "run", *RUN, "--profile", "demo", "--arms", "native", "--blocks", "1", "--json")
    finally:
        for neighbour in neighbours:
            neighbour.kill()
            neighbour.wait()
    assert done.returncode == 0, done.stderr
    lines = journal(tmp_path / "results")
    assert [(line["replacement"], line["replaced"]) for line in lines] == [(0, True), (1, True), (2, False)]
    assert all("foreign-load" in line["host_window"]["flags"] for line in lines)
    assert all(line["samples"] for line in lines)
    assert json.loads(done.stdout)["replaced"] == 2
    report = json.loads(bench("report", "latest", "--json").stdout)
    native = report["cells"][0]["arms"]["native"]
    assert (native["launches"], native["flagged"]["launches"], native["replaced"]["launches"]) == (1, 1, 2)
    assert report["warnings"] == []


INTERFERENCE = ("measure", "interference", *RUN, "--instances", "1,2", "--seconds", "1")


@pytest.mark.skipif(len(os.sched_getaffinity(0)) % 2 != 0, reason="one CPU cannot be split")
def test_several_containers_run_at_once_on_shared_and_on_split_cpus(made, bench, tmp_path):
    done = bench(*INTERFERENCE, "--blocks", "2", "--json")
    assert done.returncode == 0, done.stderr
    [cell] = json.loads(done.stdout)["cells"]
    assert list(cell["setups"]) == ["alone", "shared-2", "split-2", "part-2"]
    lines = journal(tmp_path / "results")
    assert len(lines) == 2 * (1 + 2 + 2 + 1)
    affinity = {line["arm"]: line["hello"]["affinity"] for line in lines}
    assert affinity["shared-2.1"] == affinity["shared-2.2"] == affinity["alone.1"]
    assert not set(affinity["split-2.1"]) & set(affinity["split-2.2"])
    assert affinity["part-2.1"] == affinity["split-2.1"]
    for block in (1, 2):
        first, second = (
            line["host_window"]["timed"]
            for line in lines
            if line["block"] == block and line["arm"].startswith("shared-2.")
        )
        assert first["begin_ns"] < second["end_ns"]
        assert second["begin_ns"] < first["end_ns"]
    for name, setup in cell["setups"].items():
        assert setup["blocks"] + setup["failed"] == 2
        assert setup["throughput"]["value"] > 0 or not setup["blocks"], name
    [run] = (tmp_path / "results").iterdir()
    assert containers(made, run.name) == []
    assert {"interference.svg", "interference.png"} <= {path.name for path in (run / "interference").iterdir()}


def test_a_group_that_was_cut_short_is_launched_again_whole(made, bench, background, tmp_path):
    process = background(*INTERFERENCE, "--blocks", "2")
    wait_for(lambda: written(tmp_path / "results"))
    [run] = (tmp_path / "results").iterdir()
    wait_for(lambda: containers(made, run.name))
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 130, said
    assert "bench matrix resume" in said
    assert containers(made, run.name) == []
    kept = journal(tmp_path / "results")
    done = bench("matrix", "resume", run.name, "--quiet")
    assert done.returncode == 0, done.stderr
    lines = journal(tmp_path / "results")
    assert lines[: len(kept)] == kept
    planned = json.loads((run / "run.json").read_text())["plan"]["launches"]
    assert Counter(line["launch"] for line in lines) == dict.fromkeys(planned, 1)


def test_the_study_ends_with_tables_a_page_and_pictures(made, bench, tmp_path):
    words = ("--profile", "demo", "--arms", "container,native,no-seccomp", "--blocks", "2", "--out", "out")
    done = bench("measure", "overhead", *RUN, *words)
    assert done.returncode == 0, done.stderr
    assert "container against" in done.stdout
    assert "no-seccomp" in done.stdout
    assert "the first answer takes" in done.stdout
    page = (tmp_path / "out" / "report.html").read_text()
    assert "Each line compares one program run in two ways" in page
    for name in ("attribution", "coldstart"):
        assert (tmp_path / "out" / f"{name}.png").read_bytes().startswith(b"\x89PNG")
        assert (tmp_path / "out" / f"{name}.svg").read_text().startswith("<svg")
    again = bench("measure", "overhead", "--run", "latest", "--json", "--out", "out")
    assert again.returncode == 0, again.stderr
    assert json.loads(again.stdout)["cells"][0]["attribution"]["no-seccomp"]["changed"] == {"seccomp": ["2", "0"]}
    refused = bench("study", "interference", "--run", "latest")
    assert refused.returncode == 2
    assert "is no run of `bench measure interference`" in refused.stderr
