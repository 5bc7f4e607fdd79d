"""LoadGen in place of the runner's loop: what is asked of it, what is read from its log, what happens when it fails.

A stand-in has LoadGen's interface and asks a fixed number of times; the real one is tried on an engine.
"""

import json
import textwrap

import pytest

from runner import single_stream
from tests.support.runner_fakes import fake

STAND_IN = """
import json, os
from types import SimpleNamespace as Settings
TestSettings = Settings
LogSettings = lambda: Settings(log_output=Settings())
TestScenario = Settings(SingleStream="single")
TestMode = Settings(PerformanceOnly="performance")
QuerySampleResponse = lambda id, data, size: id
completed = []
QuerySamplesComplete = completed.extend
ConstructSUT = lambda answer, flush: answer
ConstructQSL = lambda total, performance, load, unload: None
DestroyQSL = DestroySUT = lambda each: None
def StartTestWithLogSettings(answer, library, settings, log):
    assert settings.scenario == "single" and settings.mode == "performance" and not log.enable_trace
    assert settings.single_stream_target_latency_percentile == 0.9
    for id in range(settings.min_query_count):
        answer([Settings(id=id)])
    said = {"result_validity": "VALID", "early_stopping_met": True, "result_query_count": len(completed),
            "early_stopping_latency_ss": 42, "effective_min_duration_ms": settings.min_duration_ms}
    with open(os.path.join(log.log_output.outdir, "mlperf_log_detail.txt"), "w") as stream:
        for key, value in said.items():
            stream.write(":::MLLOG " + json.dumps({"key": key, "value": value}) + "\\n")
"""
ASKED = {"measure": ["single-stream"], "stop": {"iterations": 70, "seconds": 600.0}}


@pytest.fixture
def folder(tmp_path):
    """A folder with the stand-in in it."""
    found = tmp_path / "loadgen"
    found.mkdir()
    (found / "mlperf_loadgen.py").write_text(textwrap.dedent(STAND_IN))
    (found / "mlcommons_loadgen-6.0.17.dist-info").mkdir()
    return str(found)


def test_loadgen_decides_how_often_and_each_inference_is_kept(launch, request_for, folder):
    done = launch(request_for(**ASKED, loadgen=folder))
    assert done.code == 0, done.stderr
    said = {event["event"]: event for event in done.events}
    assert [event["event"] for event in done.events[2:]] == ["samples", "samples", "loadgen", "watch", "done"]
    assert len(said["samples"]["ns"]) == 70
    assert said["done"]["samples"] == 70
    wanted = {"valid": True, "queries": 70, "early_stopping_p90_ns": 42, "version": "6.0.17", "p90_ns": None}
    assert said["loadgen"] | wanted == said["loadgen"]


def test_an_inference_that_raises_ends_the_launch_at_once(launch, request_for, folder):
    adapter = fake(
        top="calls = []",
        infer="def infer(session, inputs):\n    calls.append(1)\n    if len(calls) > 9:\n"
        "        raise ValueError('it broke')\n    return inputs",
    )
    done = launch(request_for(framework="fake", **ASKED, loadgen=folder), adapter)
    assert done.code == 1
    assert done.events[-1] | {"t_ns": 0} == {
        "event": "error", "class": "infer", "message": "ValueError: it broke", "t_ns": 0,
    }  # fmt: skip
    assert not any(event["event"] == "samples" for event in done.events)


def test_without_loadgen_the_launch_says_where_it_was_looked_for(launch, request_for, tmp_path):
    done = launch(request_for(**ASKED, loadgen=str(tmp_path / "nothing")))
    assert done.code == 1
    assert done.events[-1]["class"] == "request"
    assert "no LoadGen in" in done.events[-1]["message"]
    assert launch(request_for(**ASKED)).events[-1]["message"] == "'single-stream' needs 'loadgen', a folder"


def test_a_test_that_is_not_valid_is_not_called_so(tmp_path):
    log = tmp_path / "detail"
    entries = [{"key": "result_validity", "value": "INVALID"}, {"key": "result_min_queries_met", "value": False}]
    log.write_text("".join(f":::MLLOG {json.dumps(entry)}\n" for entry in entries) + "noise\n")
    found = single_stream.results(str(log))
    assert (found["valid"], found["min_queries_met"], found["queries"]) == (False, False, None)
