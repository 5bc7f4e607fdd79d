"""Several containers at once: setups, order, and groups carried out by arms of our own."""

import threading
from collections import Counter

import pytest

from bench.arms.launch import Outcome
from bench.artifacts.request import Prepared
from bench.cli.measure.interference import parse_instances
from bench.core.errors import ConfigError, HostError
from bench.core.matrix.plan import Selection, make_plan
from bench.core.matrix.schema import load_matrix
from bench.run.execute import Settings
from bench.run.experiments import groups as module
from bench.run.experiments.groups import Group, Setup, Together, groups, setups

DONE = b'{"event": "samples", "warmup": false, "ns": [1000000]}\n{"event": "done", "samples": 1}\n'
SETTINGS = Settings(run_id="r", cpus="0", threads=1, timeout=1.0, memory=None)


@pytest.fixture
def cells():
    wanted = Selection(device="host", frameworks=["tflite"], models=["cifarnet", "resnet-18"], arms=["container"])
    return make_plan(load_matrix(), wanted).cells


def test_instances_share_the_cpus_or_split_them():
    found, absent = setups([4, 1, 2, 2], [0, 1, 2, 3])
    assert absent == {}
    assert {setup.name: setup.cpus for setup in found} == {
        "alone": ("0-3",),
        "shared-2": ("0-3", "0-3"),
        "split-2": ("0-1", "2-3"),
        "part-2": ("0-1",),
        "shared-4": ("0-3",) * 4,
        "split-4": ("0", "1", "2", "3"),
        "part-4": ("0",),
    }
    assert Setup("split-2", ("0", "1")).arms == ("split-2.1", "split-2.2")


def test_what_cannot_be_split_is_left_out_with_its_reason():
    found, absent = setups([1, 4], [0, 1])
    assert [setup.name for setup in found] == ["alone", "shared-4"]
    assert absent == {"split-4": "2 CPUs cannot be split into 4 equal parts"}


def test_every_group_comes_once_a_block_in_an_order_that_the_seed_fixes(cells):
    found, _ = setups([1, 2], [0, 1])
    planned = list(groups(cells, found, 5, 7))
    assert planned == list(groups(cells, found, 5, 7)) != list(groups(cells, found, 5, 8))
    assert [group.block for group in planned] == sorted(group.block for group in planned)
    assert Counter((group.cell.id, group.setup.name) for group in planned) == dict.fromkeys(
        ((cell.id, setup.name) for cell in cells for setup in found), 5
    )


class Arm:
    """Says that it is done once all instances of its group have begun."""

    def __init__(self, barrier, fails=None):
        self.barrier, self.fails = barrier, fails

    def launch(self, spec):
        self.barrier.wait(10)
        if self.fails:
            raise self.fails
        self.spec = spec
        return Outcome(start_ns=0, wall_ns=1, stdout=DONE, stderr="", exit_code=0)


def launch(cells, tmp_path, arms, monkeypatch, cpus=("0", "0")):
    request = Prepared(cells[0], tmp_path / "r.json", (), None)
    removed = []
    monkeypatch.setattr(module.engines, "connect", lambda: None)
    monkeypatch.setattr(module.cleanup, "containers", lambda engine, run: removed.append(run))
    waiting = list(arms)
    group = Group(cells[0], Setup("shared-2", cpus), 3)
    runs = Together({"tflite": "sha256:1"}, {(cells[0].id, 1): request}, SETTINGS, lambda: waiting.pop())
    return runs, group, removed


def test_all_instances_of_a_group_run_at_once(cells, tmp_path, monkeypatch):
    barrier = threading.Barrier(2)
    arms = [Arm(barrier), Arm(barrier)]
    runs, group, removed = launch(cells, tmp_path, arms, monkeypatch)
    lines = runs.launch(group, 2)
    assert [line["launch"].rpartition("fp32/")[2] for line in lines] == ["shared-2.1/3", "shared-2.2/3"]
    assert all((line["status"], line["attempt"], line["replaced"]) == ("ok", 2, False) for line in lines)
    assert all("watch" not in line and line["host_window"]["flags"] == [] for line in lines)
    assert {(arm.spec.cpus, arm.spec.threads) for arm in arms} == {("0", 1)}
    assert all(arm.images == {"tflite": "sha256:1"} for arm in arms)
    assert removed == []


def test_when_the_host_fails_no_instance_stays(cells, tmp_path, monkeypatch):
    barrier = threading.Barrier(2)
    arms = [Arm(barrier, HostError("engine gone")), Arm(barrier)]
    runs, group, removed = launch(cells, tmp_path, arms, monkeypatch)
    with pytest.raises(HostError):
        runs.launch(group, 1)
    assert removed == ["r"]


def test_what_instances_do_to_one_another_is_no_flag(cells, tmp_path, monkeypatch):
    seen = {"launch": {}, "timed": None}
    monkeypatch.setattr(module, "flags", lambda window: ["steal", "foreign-load", "preempted"])
    monkeypatch.setattr(module.Watch, "window", lambda *_: seen)
    barrier = threading.Barrier(2)
    runs, group, _ = launch(cells, tmp_path, [Arm(barrier), Arm(barrier)], monkeypatch)
    assert {tuple(line["host_window"]["flags"]) for line in runs.launch(group, 1)} == {("steal",)}
    alone = Group(cells[0], Setup("alone", ("0",)), 1)
    runs.make_arm = lambda: Arm(threading.Barrier(1))
    assert runs.launch(alone, 1)[0]["host_window"]["flags"] == ["steal", "foreign-load", "preempted"]


@pytest.mark.parametrize(("text", "found"), [("1,2,4", [1, 2, 4]), ("4", [1, 4]), (" 2, 2 ", [1, 2])])
def test_one_alone_is_always_measured(text, found):
    assert parse_instances(text) == found


@pytest.mark.parametrize("text", ["", "0", "two", "1,,2", "-1", "1.5", "1000"])
def test_what_is_no_number_of_instances_is_refused(text):
    with pytest.raises(ConfigError, match="--instances"):
        parse_instances(text)
