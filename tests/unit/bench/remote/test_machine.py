"""Where a run is carried out: what the command line says, what a profile says, and never another board than before."""

from types import SimpleNamespace

import pytest

from bench.cli.common import address_of
from bench.core.errors import ConfigError, HostError
from bench.core.matrix.schema import load_matrix
from bench.core.paths import MATRIX
from bench.remote import machine as machines
from bench.remote.facts import identity
from bench.remote.machine import RemoteMachine
from bench.run.machine import LOCAL, Here, machine_at
from tests.support.connection import ADDRESS


@pytest.fixture
def matrix(tmp_path):
    """matrix.yaml with a board that is elsewhere."""

    def make(host: str):
        text = MATRIX.read_text().replace("  jetson-tx2:\n", f"  jetson-tx2:\n    host: {host}\n", 1)
        path = tmp_path / "matrix.yaml"
        path.write_text(text)
        return load_matrix(path)

    return make


def test_a_profile_says_where_its_board_is_and_the_command_line_wins(matrix):
    made = matrix("ssh://nvidia@tx2:22")
    assert address_of(made, "jetson-tx2", None) == "ssh://nvidia@tx2:22"
    assert address_of(made, "jetson-tx2", "ssh://other") == "ssh://other"
    assert address_of(made, "jetson-tx2", LOCAL) == LOCAL
    assert address_of(made, "host", None) is None


@pytest.mark.parametrize("host", ["tcp://tx2", "ssh://nvidia:secret@tx2", "ssh://-oProxyCommand=x"])
def test_a_profile_with_an_address_that_is_none_is_refused_with_its_line(matrix, host):
    with pytest.raises(ConfigError, match="jetson-tx2"):
        matrix(host)


@pytest.mark.parametrize("address", [None, LOCAL])
def test_this_machine_needs_no_connection(address):
    with machine_at(address) as machine:
        assert isinstance(machine, Here)
        machine.require_same({"kernel": "6.1"}, print)
        with pytest.raises(HostError, match="this run is of ssh://pi@board"):
            machine.require_same({"address": "ssh://pi@board"}, print)


@pytest.fixture
def elsewhere(board):
    """The machine that is the fake board."""
    machine = RemoteMachine(ADDRESS)
    machine.host = board
    machine.remote_cache = machines.RemoteCache(board)
    return machine


def test_a_run_goes_on_at_its_own_board_only(elsewhere, board):
    said: list[str] = []
    facts = {"address": "ssh://pi@board", **identity(board)}
    elsewhere.require_same(facts, said.append)
    assert said == []
    elsewhere.require_same({**facts, "boot_id": "before"}, said.append)
    assert said == ["ssh://pi@board was restarted since the run began"]
    with pytest.raises(HostError, match="another board"):
        elsewhere.require_same({**facts, "machine_id": "other"}, said.append)
    with pytest.raises(HostError, match="not of a board"):
        elsewhere.require_same({"kernel": "6.1"}, said.append)


def test_its_facts_are_those_of_this_machine_and_no_secrets(elsewhere):
    facts, here = elsewhere.facts(None), Here().facts(None)
    assert {key: value for key, value in facts.items() if key in here} == here
    assert facts.keys() - here.keys() == {"address", "machine_id", "boot_id"}
    raw = elsewhere.host.read("/etc/machine-id")
    assert raw is None or raw.decode().strip() not in str(facts)


def test_it_is_watched_as_this_machine_is(elsewhere):
    here, there_ = Here().watch([0]).read(), elsewhere.watch([0]).read()
    assert there_.keys() == here.keys()
    assert {key: type(value) for key, value in there_.items()} == {key: type(value) for key, value in here.items()}
    assert there_["t_ns"] >= here["t_ns"]


def test_ablations_are_refused_and_the_board_is_held_once(elsewhere):
    with pytest.raises(ConfigError, match="the no-seccomp arm cannot be launched on ssh://pi@board"):
        elsewhere.arms(["no-seccomp"], load_matrix(), None, None)
    with elsewhere.reserved(), elsewhere.reserved():
        pass


def test_a_container_is_the_boards_user_and_on_its_clock(elsewhere, monkeypatch):
    from bench.arms.container import ContainerArm
    from bench.arms.launch import Outcome
    from tests.unit.bench.arms.test_arms import SPEC

    arm = elsewhere.arms(["container"], load_matrix(), SimpleNamespace(), lambda _: None)["container"].arm
    monkeypatch.setitem(elsewhere.host.facts, "uid", 1234)
    assert arm.options(SPEC)["user"] == f"1234:{elsewhere.host.facts['gid']}"
    outcome = Outcome(start_ns=10, wall_ns=5, stdout=b"", stderr="", exit_code=0, created_ns=12)
    monkeypatch.setattr(ContainerArm, "launch", lambda self, spec: outcome)
    monkeypatch.setattr(arm, "_ahead", lambda: 1000)
    moved = arm.launch(SPEC)
    assert (moved.start_ns, moved.created_ns, moved.started_ns, moved.wall_ns) == (1010, 1012, None, 5)
