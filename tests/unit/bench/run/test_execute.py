"""Executing a plan with scripted arms: order, what is kept, and what a failing host does not lose."""

import json
from dataclasses import replace

import pytest
from rich.console import Console

from bench.arms.launch import Outcome
from bench.artifacts.request import Prepared
from bench.core.errors import HostError
from bench.core.matrix.plan import Selection, make_plan
from bench.core.matrix.schema import load_matrix
from bench.hosts.monitor import MOST_REPLACED, Watch
from bench.run.execute import Settings, Todo, after, execute
from bench.run.progress import Progress

SETTINGS = Settings(run_id="r", cpus="0", threads=1, timeout=1.0, memory=None)
DONE = b'{"event": "samples", "warmup": false, "ns": [1000000]}\n{"event": "done", "samples": 1}\n'


class ScriptedArm:
    """Says what it was told to say, launch after launch; an exception in the script is raised."""

    name = "scripted"

    def __init__(self, script):
        self.script, self.specs = list(script), []

    def prepare(self, framework):
        """Nothing to make ready."""

    def launch(self, spec):
        self.specs.append(spec)
        said = self.script.pop(0) if self.script else DONE
        if isinstance(said, Exception):
            raise said
        return Outcome(start_ns=0, wall_ns=1, stdout=said, stderr="", exit_code=0)


@pytest.fixture
def plan():
    wanted = Selection(device="host", frameworks=["tflite"], models=["cifarnet", "resnet-18"], blocks=2, seed=3)
    return make_plan(load_matrix(), wanted)


def go(plan, arm, tmp_path, console=None, settings=SETTINGS, todo=None):
    kept = []
    prepared = {c.id: Prepared(c, tmp_path / "request.json", (tmp_path,), None) for c in plan.cells}
    todo = todo or [Todo(launch) for launch in plan.launches()]
    progress = Progress(len(todo), plan.blocks, console=console or Console(quiet=True))
    try:
        with progress:
            tally = execute(
                todo, prepared, dict.fromkeys(plan.arms, arm), settings, kept.append, progress, Watch([0], tmp_path)
            )
    except HostError:
        tally = None
    return kept, tally


def test_every_launch_is_kept_in_the_order_of_the_plan(plan, tmp_path):
    arm = ScriptedArm([])
    kept, tally = go(plan, arm, tmp_path)
    assert [line["launch"] for line in kept] == [launch.id for launch in plan.launches()]
    assert [spec.launch for spec in arm.specs] == [line["launch"] for line in kept]
    assert (tally.ok, sum(tally.failed.values())) == (len(kept), 0)


def test_a_failed_launch_is_kept_and_the_run_goes_on(plan, tmp_path):
    error = json.dumps({"event": "error", "class": "load", "message": "bad file"}).encode()
    kept, tally = go(plan, ScriptedArm([DONE, error]), tmp_path)
    assert [line["status"] for line in kept][:3] == ["ok", "failed", "ok"]
    assert sum(tally.failed.values()) == 1
    assert "load: bad file" in next(iter(tally.failed))


def test_a_failing_host_ends_the_run_and_what_was_under_way_is_not_kept(plan, tmp_path):
    kept, tally = go(plan, ScriptedArm([DONE, DONE, HostError("engine gone")]), tmp_path)
    assert tally is None
    assert len(kept) == 2


def test_plain_lines_name_cell_arm_block_and_result(plan, tmp_path):
    with (tmp_path / "out").open("w") as out:
        go(plan, ScriptedArm([]), tmp_path, Console(file=out))
    lines = (tmp_path / "out").read_text().splitlines()
    assert len(lines) == len(list(plan.launches()))
    assert lines[0].startswith("[1/12] host/tflite/")
    assert lines[0].endswith("block 1/2: 1.00 ms")


def disturbed(stolen_s: float, ns: int = 1_000_000) -> bytes:
    """A launch of 1 s on one CPU, of which a hypervisor took so much."""
    before = dict.fromkeys(("t_ns", "cpu_ns", "wait_ns", "busy_ns", "steal_ns", "busy_all_ns", "steal_all_ns"), 0) | {
        "voluntary": 0,
        "involuntary": 0,
        "major_faults": 0,
        "khz": None,
        "cpus_all": 1,
    }
    later = before | {"t_ns": 10**9, "cpu_ns": 10**9, "busy_ns": 10**9, "steal_ns": int(stolen_s * 1e9)}
    events = [
        {"event": "samples", "warmup": False, "ns": [ns]},
        {"event": "watch", "before": before, "after": later},
        {"event": "done", "samples": 1},
    ]
    return b"".join(json.dumps(event).encode() + b"\n" for event in events)


QUIET, STOLEN = disturbed(0.0), disturbed(0.2)


def test_what_the_host_disturbed_is_launched_again_and_both_are_kept(plan, tmp_path):
    kept, tally = go(plan, ScriptedArm([QUIET, STOLEN, QUIET]), tmp_path)
    first, second, third, fourth = kept[:4]
    assert second["launch"] == third["launch"] != first["launch"]
    assert [line["replaced"] for line in kept[:4]] == [False, True, False, False]
    assert [(line["attempt"], line["replacement"]) for line in (second, third, fourth)] == [(1, 0), (2, 1), (1, 0)]
    assert second["host_window"]["flags"] == ["steal"]
    assert second["samples"], "what was measured stays in the journal"
    assert (tally.ok, tally.replaced) == (12, 1)


def test_it_is_launched_again_at_most_twice_and_the_last_one_counts_flagged(plan, tmp_path):
    kept, tally = go(plan, ScriptedArm([STOLEN] * 4), tmp_path)
    assert [line["replaced"] for line in kept[:4]] == [True, True, False, True]
    assert [line["replacement"] for line in kept[:3]] == [0, 1, MOST_REPLACED]
    assert len({line["launch"] for line in kept[:3]}) == 1
    assert kept[2]["host_window"]["flags"] == ["steal"]
    assert tally.ok == 12


def test_a_slow_launch_on_a_quiet_host_is_no_reason(plan, tmp_path):
    kept, _ = go(plan, ScriptedArm([QUIET, disturbed(0.0, ns=900_000_000)]), tmp_path)
    assert not any(line["replaced"] for line in kept)
    assert len(kept) == 12


def test_without_replacing_it_is_flagged_only(plan, tmp_path):
    kept, tally = go(plan, ScriptedArm([STOLEN]), tmp_path, settings=replace(SETTINGS, replace=False))
    assert (len(kept), kept[0]["replaced"], kept[0]["host_window"]["flags"]) == (12, False, ["steal"])
    assert (tally.ok, tally.replaced) == (12, 0)


def test_a_failed_launch_is_not_replaced(plan, tmp_path):
    failing = STOLEN.replace(b'{"event": "done", "samples": 1}', b'{"event": "error", "class": "infer"}')
    kept, tally = go(plan, ScriptedArm([failing]), tmp_path)
    assert (kept[0]["status"], kept[0]["replaced"], len(kept)) == ("failed", False, 12)
    assert sum(tally.failed.values()) == 1


def test_what_was_to_be_replaced_when_bench_was_killed_is_launched_again(plan, tmp_path):
    kept, _ = go(plan, ScriptedArm([STOLEN, HostError("engine gone")]), tmp_path)
    launch = next(plan.launches())
    [line] = kept
    todo = after(line, launch)
    assert (todo.attempt, todo.replacement) == (2, 1)
    again, _ = go(plan, ScriptedArm([STOLEN, STOLEN]), tmp_path, todo=[todo])
    assert [(line["replacement"], line["replaced"]) for line in again] == [(1, True), (2, False)]


def test_a_host_that_never_is_quiet_does_not_make_a_run_three_times_as_long(plan, tmp_path):
    kept, tally = go(plan, ScriptedArm([STOLEN] * 30), tmp_path)
    assert [line["replaced"] for line in kept] == [True, True, False] * 3 + [False] * 9
    assert (tally.ok, tally.replaced) == (12, 6)


def test_once_it_is_quiet_again_launches_are_replaced_again(plan, tmp_path):
    kept, _ = go(plan, ScriptedArm([*[STOLEN] * 10, QUIET, STOLEN, QUIET]), tmp_path)
    assert [line["replaced"] for line in kept[9:13]] == [False, False, True, False]
