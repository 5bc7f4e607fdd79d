"""Executing a plan with scripted arms: order, what is kept, and what a failing host does not lose."""

import json

import pytest
from rich.console import Console

from bench.config import load_matrix
from bench.errors import HostError
from bench.execute import Settings, execute
from bench.launching import Outcome
from bench.plan import Selection, make_plan
from bench.prepare import Prepared
from bench.progress import Progress

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


def go(plan, arm, tmp_path, console=None):
    kept = []
    prepared = {c.id: Prepared(c, tmp_path / "request.json", (tmp_path,), None) for c in plan.cells}
    todo = [(launch, 1) for launch in plan.launches()]
    progress = Progress(len(todo), plan.blocks, console=console or Console(quiet=True))
    try:
        with progress:
            tally = execute(todo, prepared, dict.fromkeys(plan.arms, arm), SETTINGS, kept.append, progress)
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
