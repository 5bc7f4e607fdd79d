"""Finding runs, keeping a plan in run.json, and reserving the host."""

import json
import os
import subprocess
import sys

import pytest

from bench.core.errors import ConfigError, HostError
from bench.core.matrix.plan import Selection, make_plan
from bench.core.matrix.schema import load_matrix
from bench.run.execute import Settings
from bench.run.lock import reserved
from bench.run.run_folder import find_run, new_run_id, plan_facts, plan_of

SETTINGS = Settings(run_id="20261123T101500-a1b2c3", cpus="0-1", threads=2, timeout=600.0, memory=None)


def test_a_plan_comes_back_from_run_json_as_it_was():
    plan = make_plan(load_matrix(), Selection(device="host", models=["cifarnet"], blocks=2))
    facts = json.loads(json.dumps({"run_id": SETTINGS.run_id, "seed": plan.seed, "plan": plan_facts(plan, SETTINGS)}))
    again, settings = plan_of(facts, load_matrix())
    assert [launch.id for launch in again.launches()] == [launch.id for launch in plan.launches()]
    assert settings == SETTINGS


def test_an_energy_pass_comes_back_as_it_was():
    plan = make_plan(load_matrix(), Selection(device="host", models=["cifarnet"], blocks=1, energy=True))
    facts = json.loads(json.dumps({"run_id": SETTINGS.run_id, "seed": plan.seed, "plan": plan_facts(plan, SETTINGS)}))
    again, _ = plan_of(facts, load_matrix())
    assert again.energy == plan.energy
    assert list(again.energy_launches()) == list(plan.energy_launches())
    del facts["plan"]["energy"]  # a run of an older bench
    assert plan_of(facts, load_matrix())[0].energy is None


def test_a_plan_of_a_name_that_is_gone_is_refused():
    plan = make_plan(load_matrix(), Selection(device="host", models=["cifarnet"], blocks=1))
    facts = {"run_id": "r", "seed": plan.seed, "plan": plan_facts(plan, SETTINGS)}
    matrix = load_matrix().model_copy(update={"models": {}})
    with pytest.raises(ConfigError, match="the model 'cifarnet'"):
        plan_of(facts, matrix)


def test_an_order_that_this_version_would_not_make_is_refused():
    plan = make_plan(load_matrix(), Selection(device="host", models=["cifarnet"], blocks=2))
    facts = {"run_id": "r", "seed": plan.seed + 1, "plan": plan_facts(plan, SETTINGS)}
    with pytest.raises(ConfigError, match="order of launches"):
        plan_of(facts, load_matrix())


@pytest.mark.parametrize("lost", ["plan", "seed", "run_id"])
def test_a_run_json_that_lacks_something_is_refused(lost):
    plan = make_plan(load_matrix(), Selection(device="host", models=["cifarnet"], blocks=2))
    facts = {"run_id": "r", "seed": plan.seed, "plan": plan_facts(plan, SETTINGS)}
    del facts[lost]
    with pytest.raises(ConfigError, match="does not say all"):
        plan_of(facts, load_matrix())


def test_runs_are_found_by_id_folder_and_latest(tmp_path):
    for name in ("20260101T000000-aaaaaa", "20260102T000000-bbbbbb"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "run.json").write_text("{}")
    assert find_run(tmp_path, "latest").name == "20260102T000000-bbbbbb"
    assert find_run(tmp_path, "20260101T000000-aaaaaa").name == "20260101T000000-aaaaaa"
    assert find_run(tmp_path, str(tmp_path / "20260101T000000-aaaaaa")).name == "20260101T000000-aaaaaa"
    with pytest.raises(ConfigError, match="did you mean '20260101T000000-aaaaaa'"):
        find_run(tmp_path, "20260101T000000-aaaaab")
    with pytest.raises(ConfigError, match="no run"):
        find_run(tmp_path, "x" * 300)
    with pytest.raises(ConfigError, match="there is: nothing"):
        find_run(tmp_path / "none", "latest")


def test_run_ids_are_new_each_time():
    assert len({new_run_id() for _ in range(100)}) == 100


def test_a_reserved_host_refuses_another_and_is_free_after(tmp_path, monkeypatch):
    monkeypatch.setenv("EDGEBENCH_CACHE", str(tmp_path))
    monkeypatch.delenv("EDGEBENCH_WAIT", raising=False)
    other = "from bench.run.lock import reserved\nwith reserved(): pass"
    with reserved():
        said = subprocess.run([sys.executable, "-c", other], capture_output=True, text=True)
        assert said.returncode == 1
        assert "another bench measures or builds" in said.stderr
    with reserved():
        pass
    with pytest.raises(HostError), reserved(), reserved():
        pass


def test_one_that_is_told_to_waits_until_the_host_is_free(tmp_path, monkeypatch):
    monkeypatch.setenv("EDGEBENCH_CACHE", str(tmp_path))
    monkeypatch.setenv("EDGEBENCH_WAIT", "1")
    other = "from bench.run.lock import reserved\nwith reserved(): print('reserved')"
    with reserved():
        waiting = subprocess.Popen(
            [sys.executable, "-c", other], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        assert f"(process {os.getpid()})" in waiting.stderr.readline()
        assert waiting.poll() is None
    said, _ = waiting.communicate(timeout=30)
    assert (waiting.returncode, said) == (0, "reserved\n")
