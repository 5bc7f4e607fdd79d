"""One launch from request to its last event, as bench sees it."""

import json
import platform
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import pytest

from runner import protocol
from tests.support.runner_fakes import fake


def kinds(events):
    return [event["event"] for event in events]


def test_events_come_in_the_order_of_the_protocol(launch, request_for):
    done = launch(request_for())
    assert done.code == 0
    assert kinds(done.events) == ["hello", "loaded", "output", "samples", "samples", "watch", "memory", "done"]
    times = [event["t_ns"] for event in done.events]
    assert times == sorted(times)
    assert all(isinstance(time, int) for time in times)


def test_samples_are_integers_and_warm_up_is_flagged(launch, request_for):
    events = launch(request_for()).events
    warmup, timed = [event for event in events if event["event"] == "samples"]
    assert (warmup["warmup"], timed["warmup"]) == (True, False)
    assert (len(warmup["ns"]), len(timed["ns"])) == (2, 3)
    assert all(isinstance(sample, int) and sample > 0 for sample in timed["ns"])
    assert events[-1]["samples"] == 3


def test_the_timed_part_is_watched(launch, request_for):
    [watch] = [event for event in launch(request_for()).events if event["event"] == "watch"]
    before, after = watch["before"], watch["after"]
    assert before["t_ns"] <= after["t_ns"]
    assert all(after[key] >= before[key] for key in ("cpu_ns", "voluntary", "involuntary", "busy_ns"))


def test_hello_says_who_runs_where(launch, request_for):
    hello = launch(request_for()).events[0]
    assert hello["protocol"] == protocol.PROTOCOL
    assert hello["runner_sha256"] == protocol.hash_runner()
    assert hello["python"] == platform.python_version()
    assert hello["affinity"]
    assert {"seccomp", "cap_eff", "cgroup", "namespaces", "cpu_quota", "filesystem"} <= set(hello["kernel"])
    assert hello["process_start_ns"] - hello["process_start_resolution_ns"] < hello["first_line_ns"] < hello["t_ns"]


def test_only_what_is_asked_for_is_measured(launch, request_for):
    assert kinds(launch(request_for(measure=["memory"])).events) == ["hello", "loaded", "memory", "done"]
    assert kinds(launch(request_for(measure=["latency"])).events) == [
        "hello",
        "loaded",
        "samples",
        "samples",
        "watch",
        "done",
    ]


def test_windows_are_told_as_they_end_and_their_inferences_counted(launch, request_for):
    stop = {"iterations": 1, "seconds": 0.2, "max_iterations": 10**9}
    events = launch(request_for(measure=["windows"], window_s=0.05, stop=stop)).events
    told = [event for event in events if event["event"] == "window"]
    assert kinds(events) == ["hello", "loaded", *["window"] * len(told), "done"]
    assert len(told) > 1
    assert events[-1]["samples"] == sum(event["inferences"] for event in told)
    for event in told:
        assert event["start_ns"] < event["end_ns"] <= event["t_ns"]
        assert 0 < event["median_ns"] <= event["end_ns"] - event["start_ns"]
    assert all(earlier["end_ns"] <= later["start_ns"] for earlier, later in pairwise(told))


@pytest.mark.parametrize("text", ["", "{", "\x00"])
def test_a_request_that_cannot_be_read_exits_2(launch, text):
    done = launch(text)
    assert done.code == 2
    assert kinds(done.events) == ["error"]


def failed(done, kind, *words):
    """The launch ended with this class of error, a message of one line, and no sample."""
    assert done.code == 1
    error = done.events[-1]
    assert (error["event"], error["class"]) == ("error", kind)
    assert "\n" not in error["message"]
    for word in words:
        assert word in error["message"]
    assert "samples" not in kinds(done.events)
    assert kind in protocol.ERRORS


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"protocol": 2}, "protocol 2"),
        ({"threads": 0}, "threads"),
        ({"threads": "2"}, "threads"),
        ({"threads": 100000}, "100000 threads on"),
        ({"colour": 1}, "colour"),
        ({"seed": "one"}, "seed"),
        ({"stop": 5}, "stop"),
        ({"stop": {"iterations": "5"}}, "stop.iterations"),
        ({"stop": {"max_iterations": 0}}, "stop.max_iterations"),
        ({"warmup": {"seconds": -1}}, "warmup.seconds"),
        ({"warmup": {"minutes": 1}}, "iterations"),
        ({"reference": {"path": "/x"}}, "reference"),
        ({"window_s": 0}, "window_s"),
        ({"window_s": True}, "window_s"),
        ({"framework": "onnxruntim"}, "onnxruntime"),
        ({"framework": "../infer"}, "onnxruntime"),
    ],
)
def test_a_wrong_request_is_refused(launch, request_for, change, word):
    failed(launch(request_for(**change)), "request", word)


def test_a_request_that_is_no_object_is_refused(launch):
    failed(launch("[]"), "request", "object")


def test_a_missing_artifact_is_named(launch, request_for):
    request = request_for()
    request["artifact"]["path"] += ".gone"
    failed(launch(request), "artifact-missing", ".gone")


def test_a_corrupted_artifact_is_refused(launch, request_for):
    request = request_for()
    Path(request["artifact"]["path"]).write_bytes(b"another model")
    failed(launch(request), "artifact-mismatch", request["artifact"]["sha256"])


@pytest.mark.parametrize(
    ("kind", "parts"),
    [
        ("framework-missing", {"top": "import no_such_framework"}),
        ("framework-missing", {"top": "raise OSError('libfoo.so.1: cannot open shared object file')"}),
        ("load", {"load": "def load(path, request):\n    raise ValueError('no such\\noperator')"}),
        ("infer", {"infer": "def infer(session, inputs):\n    raise RuntimeError"}),
        ("memory", {"load": "def load(path, request):\n    raise MemoryError"}),
        ("memory", {"infer": "def infer(session, inputs):\n    raise MemoryError"}),
        ("internal", {"version": "def version():\n    return 1 / 0"}),
    ],
)
def test_what_an_adapter_raises_becomes_an_error_of_its_class(launch, request_for, kind, parts):
    done = launch(request_for(framework="fake"), fake(**parts))
    failed(done, kind)
    assert "Traceback" in done.stderr


def test_the_session_is_closed_even_when_an_inference_fails(launch, request_for):
    parts = {
        "infer": "def infer(session, inputs):\n    raise RuntimeError('broken')",
        "close": "def close(session):\n    import sys; sys.stderr.write('closed')",
    }
    assert "closed" in launch(request_for(framework="fake"), fake(**parts)).stderr


def test_what_a_framework_prints_goes_to_standard_error(launch, request_for):
    noise = (
        "import os\nprint('at import')\nos.write(1, b'from C\\n')\n"
        "os.system('echo from a child')"
    )  # fmt: skip
    done = launch(request_for(framework="fake"), fake(top=noise))
    assert done.code == 0
    assert kinds(done.events)[-1] == "done"
    for words in ("at import", "from C", "from a child"):
        assert words in done.stderr


def test_values_of_unknown_variables_are_not_told(launch, request_for, monkeypatch):
    monkeypatch.setenv("SOME_TOKEN", "secret")
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    hello = launch(request_for()).events[0]
    assert hello["env"]["SOME_TOKEN"] is None
    assert hello["env"]["OMP_NUM_THREADS"] == "1"


def test_probe_is_one_line_and_succeeds():
    said = subprocess.run([sys.executable, "-m", "runner", "probe"], capture_output=True, text=True, timeout=60)
    assert said.returncode == 0
    (line,) = said.stdout.splitlines()
    probe = json.loads(line)
    assert probe["machine"] == platform.machine()
    assert "noop" not in probe["frameworks"]
