"""The profile that LoadGen drives: what is asked of the runner, and what is said where LoadGen is missing."""

import pytest

from bench.artifacts import loadgen
from bench.core.errors import HostError
from bench.core.matrix.plan import Selection, make_plan
from bench.core.matrix.schema import load_matrix
from bench.run.execute import Settings
from bench.run.run_folder import plan_facts, plan_of

SELECTION = {"device": "host", "frameworks": ["onnxruntime"], "models": ["cifarnet"], "precisions": ["fp32"]}
SETTINGS = Settings(run_id="r", cpus="0", threads=1, timeout=1200.0, memory=None)


def test_the_profile_has_the_rules_of_single_stream():
    plan = make_plan(load_matrix(), Selection(**SELECTION, profile="mlperf"))
    assert plan.driver == "loadgen"
    assert (plan.stop.seconds, plan.stop.iterations) == (600.0, 64)


def test_the_study_s_profile_is_one_launch_of_1000_inferences():
    plan = make_plan(load_matrix(), Selection(**SELECTION, profile="edgebench"))
    first = 1
    assert plan.blocks == 1
    assert first + plan.warmup.max_iterations + plan.stop.max_iterations == 1000
    assert plan.stop.iterations == plan.stop.max_iterations


def test_a_run_that_is_taken_up_again_is_driven_as_before():
    plan = make_plan(load_matrix(), Selection(**SELECTION, profile="mlperf", seed=1))
    facts = {"run_id": "r", "seed": 1, "plan": plan_facts(plan, SETTINGS)}
    assert plan_of(facts, load_matrix())[0].driver == "loadgen"
    del facts["plan"]["driver"]
    assert plan_of(facts, load_matrix())[0].driver == "runner"


def test_what_is_missing_is_said_with_the_command_that_mends_it(monkeypatch, tmp_path):
    monkeypatch.setenv("EDGEBENCH_CACHE", str(tmp_path))
    with pytest.raises(HostError, match="not installed") as error:
        loadgen.require("onnxruntime", "3.11")
    assert error.value.hint == "install it: setup/loadgen"
    with pytest.raises(HostError, match=r"coral runs in Python 3\.9"):
        loadgen.require("coral", "3.9")
    loadgen.folder().mkdir(parents=True)
    assert loadgen.require("onnxruntime", "3.11") == loadgen.folder()
