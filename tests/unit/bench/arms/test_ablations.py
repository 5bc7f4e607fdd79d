"""Ablations: one change each, planned beside the container that they are compared with, or left out with a reason."""

import re
from dataclasses import replace
from io import StringIO
from types import SimpleNamespace

import pytest
from rich.console import Console

from bench.arms.ablated import AblatedArm, LimitedArm
from bench.arms.ablations import ABLATIONS, expected_facts
from bench.arms.container import ContainerArm
from bench.arms.launch import Outcome
from bench.arms.make import make_arms
from bench.artifacts.request import Prepared
from bench.core.errors import ConfigError, HostError
from bench.core.matrix.arm_names import ARMS
from bench.core.matrix.plan import Selection, make_plan
from bench.core.matrix.schema import load_matrix
from bench.core.paths import PROJECT
from bench.run.ablations import available, limit, memory_limits, why_not
from bench.run.execute import Settings
from tests.unit.bench.arms.test_arms import SPEC

MATRIX = load_matrix()
EVERYTHING = {"SecurityOptions": ["name=seccomp", "name=apparmor", "name=userns"], "CgroupVersion": "2"}
NOTHING = {"SecurityOptions": ["name=seccomp,profile=builtin"], "CgroupVersion": "1"}
# What of a container's keywords each one changes. bind-root needs an engine: tests/engine/runs/test_overhead.py.
CHANGED = {
    "no-seccomp": {"security_opt"},
    "no-apparmor": {"security_opt"},
    "all-caps": {"cap_drop", "cap_add"},
    "privileged": {"cap_drop", "privileged"},
    "host-network": {"network_mode"},
    "host-pid": {"pid_mode"},
    "host-ipc": {"ipc_mode"},
    "host-uts": {"uts_mode", "hostname"},  # the engine refuses a name of its own there
    "host-cgroupns": {"cgroupns"},
    "host-user": {"userns_mode"},
    "cpu-quota": {"cpuset_cpus", "nano_cpus"},
    "memory-limit": {"mem_limit", "memswap_limit"},
    "writable-root": {"read_only"},
    "cold-cache": set(),
}


def plan(**wanted):
    return make_plan(
        MATRIX, Selection(**{"device": "host", "frameworks": ["tflite"], "models": ["cifarnet"], **wanted})
    )


@pytest.mark.parametrize("name", CHANGED)
def test_an_ablation_changes_one_thing_of_a_container(name):
    arms = make_arms(["container", name], MATRIX, object(), lambda framework: None)
    container, ablated = (arms[each] for each in ("container", name))
    assert isinstance(ablated, AblatedArm)
    assert ablated.name == name
    if isinstance(ablated, LimitedArm):
        ablated.limits = {"host/tflite/cifarnet/fp32": 12345}
    before, after = container.options(SPEC), ablated.options(SPEC)
    assert {key for key in {*before, *after} if before.get(key) != after.get(key)} == CHANGED[name]
    assert container.options(SPEC) == before, "the container's own keywords stay as they were"


def test_the_table_says_what_each_one_is():
    assert set(CHANGED) | {"bind-root"} == set(ABLATIONS)
    for name, ablation in ABLATIONS.items():
        assert ablation.name == name
        assert re.fullmatch(r"[a-z]+(-[a-z]+)+|privileged", name)
        assert ablation.changes
        assert ablation.tells
        assert "\n" not in ablation.changes + ablation.tells
    assert expected_facts("cpu-quota") == ("cpu_quota", "CPU affinity")
    assert expected_facts("container") == ()


def test_the_documentation_names_every_one():
    text = (PROJECT / "docs" / "method.md").read_text()
    assert [name for name in ABLATIONS if f"`{name}`" not in text] == []


def test_a_quota_is_as_much_as_the_cpuset_had():
    words = ABLATIONS["cpu-quota"].change({"cpuset_cpus": "0-1", "name": "x"}, replace(SPEC, threads=2))
    assert words == {"name": "x", "nano_cpus": 2 * 10**9}


def test_the_group_stands_for_all_and_comes_behind_the_arms_of_the_design():
    assert plan(arms=["ablations", "native", "container"]).arms == ("container", "native", *ABLATIONS)
    assert plan(arms=["host-pid", "container"]).arms == ("container", "host-pid")
    assert plan().arms == ARMS


@pytest.mark.parametrize(
    ("arms", "said"),
    [
        (["no-secomp", "container"], "did you mean 'no-seccomp'?"),
        (["ablation", "container"], "did you mean 'ablations'?"),
        (["native", "host-pid"], "host-pid is compared with the container arm"),
        (["ablations"], "no-seccomp is compared with the container arm"),
    ],
)
def test_what_cannot_be_compared_is_refused(arms, said):
    with pytest.raises(ConfigError, match=re.escape(said)):
        plan(arms=arms)


def test_an_engine_that_has_nothing_to_change_is_a_reason():
    assert why_not(list(ABLATIONS.values()), EVERYTHING) == {}
    assert set(why_not(list(ABLATIONS.values()), NOTHING)) == {"no-apparmor", "host-user", "host-cgroupns"}


def test_what_is_not_there_is_left_out_and_said():
    machine = SimpleNamespace(engine=lambda: SimpleNamespace(info=lambda: NOTHING))
    out = StringIO()
    made = available(plan(arms=["container", "ablations"], blocks=1, seed=1), Console(file=out), machine)
    assert "left out: no-apparmor: this engine's host has no AppArmor" in out.getvalue()
    assert {"no-apparmor", "host-user", "host-cgroupns"} == set(made.armless["tflite"])
    assert {launch.arm for launch in made.launches()} == {"container", *ABLATIONS} - set(made.armless["tflite"])
    three = plan()
    assert available(three, Console(file=out), SimpleNamespace()) == three, "arms without an ablation need not ask"


class Peaks:
    """A container arm whose launches say how much memory they took."""

    def __init__(self, *peaks):
        self.peaks, self.launched = list(peaks), []

    def launch(self, spec):
        self.launched.append(spec.launch)
        said = f'{{"event": "memory", "cgroup_peak_bytes": {self.peaks.pop(0)}}}\n{{"event": "done"}}\n'
        return Outcome(start_ns=0, wall_ns=1, stdout=said.encode(), stderr="", exit_code=0)


class Parts:
    """What of bench.run.prepare.Ready is needed."""

    def __init__(self, made, arm, tmp_path, *, limited=True):
        limits = LimitedArm(ABLATIONS["memory-limit"], object(), lambda framework: None)
        self.arms = {"container": arm} | ({"memory-limit": limits} if limited else {})
        self.prepared = {cell.id: Prepared(cell, tmp_path / "r.json", (), None) for cell in made.cells}


SETTINGS = Settings(run_id="r", cpus="0", threads=1, timeout=1.0, memory=None)


def test_the_limit_is_near_what_a_warm_launch_took(tmp_path):
    made = plan(arms=["container", "memory-limit"])
    ready = Parts(made, Peaks(500_000_000, 100_000_000), tmp_path)
    limits = memory_limits(made, ready, SETTINGS)
    [(cell, size)] = limits.items()
    assert cell == "host/tflite/cifarnet/fp32"
    assert 0 <= 110_000_000 - size < 4096
    assert size % 4096 == 0
    limit(ready, limits)
    assert ready.arms["memory-limit"].options(replace(SPEC, launch=f"{cell}/memory-limit/3"))["mem_limit"] == size


def test_a_cell_that_needs_more_is_told_its_limit_and_no_option_that_changes_nothing(monkeypatch):
    out = Outcome(
        start_ns=0, wall_ns=1, stdout=b"", stderr="", exit_code=137, reason="out-of-memory", message="--memory"
    )
    monkeypatch.setattr(ContainerArm, "launch", lambda arm, spec: out)
    arm = LimitedArm(ABLATIONS["memory-limit"], object(), lambda framework: None)
    arm.limits = {"host/tflite/cifarnet/fp32": 2**27}
    said = arm.launch(SPEC)
    assert (said.reason, said.exit_code) == ("out-of-memory", 137)
    assert said.message == "it needs more than 128 MiB, 1.1 times what the cell needed before the run"


def test_without_that_arm_nothing_is_launched(tmp_path):
    ready = Parts(plan(), Peaks(), tmp_path, limited=False)
    assert memory_limits(plan(), ready, SETTINGS) == {}
    limit(ready, {})
    assert isinstance(ready.arms["container"], Peaks)


def test_a_peak_that_is_not_told_is_refused_with_what_to_do(tmp_path):
    made = plan(arms=["container", "memory-limit"])
    with pytest.raises(HostError, match="does not tell the peak") as caught:
        memory_limits(made, Parts(made, Peaks("null", "null"), tmp_path), SETTINGS)
    assert "--arms" in str(caught.value.hint)


def test_the_plain_container_is_no_ablation():
    arms = make_arms(["container"], MATRIX, object(), lambda framework: None)
    assert type(arms["container"]) is ContainerArm
