"""From a launch's output to the journal's line: a failed launch has a reason and never a number."""

import json
from dataclasses import replace

import pytest

from bench.arms.launch import Outcome
from bench.arms.outcome import record
from bench.core.matrix.plan import Cell, Launch

LAUNCH = Launch(Cell("host", "tflite", "cifarnet", "fp32"), "native", 1)
GOOD = [
    {"event": "hello", "protocol": 1},
    {"event": "loaded", "load_ns": 5},
    {"event": "samples", "warmup": True, "ns": [9]},
    {"event": "samples", "warmup": False, "ns": [7, 8]},
    {"event": "done", "samples": 2},
]


def line(events, **said):
    stdout = b"".join(json.dumps(event).encode() + b"\n" for event in events)
    outcome = Outcome(**{"start_ns": 1, "wall_ns": 2, "stdout": stdout, "stderr": "oh no", "exit_code": 0, **said})
    return record(LAUNCH, 1, "then", outcome)


def test_a_complete_launch_keeps_its_samples():
    kept = line(GOOD)
    assert (kept["status"], kept["reason"], kept["samples"], kept["warmup"]) == ("ok", None, [7, 8], [9])
    assert kept["loaded"] == {"load_ns": 5}
    assert kept["launch"] == "host/tflite/cifarnet/fp32/native/1"


WINDOW = {"start_ns": 5, "end_ns": 9, "inferences": 4, "median_ns": 1}
ENERGY = [*GOOD[:2], {"event": "window", "t_ns": 9, **WINDOW}, {"event": "done", "samples": 4}]


def test_a_launch_of_the_energy_pass_keeps_windows_and_readings_and_is_no_timing():
    launch = Launch(LAUNCH.cell, "native", 1, "energy")
    stdout = b"".join(json.dumps(event).encode() + b"\n" for event in ENERGY)
    outcome = Outcome(start_ns=1, wall_ns=2, stdout=stdout, stderr="", exit_code=0)
    kept = record(launch, 1, "then", outcome, {"readings": {}})
    assert (kept["launch"], kept["status"], kept["part"]) == (
        "host/tflite/cifarnet/fp32/native/energy/1", "energy", "energy",
    )  # fmt: skip
    assert kept["windows"] == [WINDOW]
    assert kept["sensed"] == {"readings": {}}
    assert "samples" not in kept
    failed = record(launch, 1, "then", replace(outcome, exit_code=1))
    assert (failed["status"], failed["reason"], failed["windows"]) == ("energy", "start", [])


@pytest.mark.parametrize(
    ("events", "said", "reason"),
    [
        (GOOD[:-1], {"exit_code": 1}, "start"),
        (GOOD[:-1], {"exit_code": 0}, "start"),
        (GOOD, {"exit_code": 3}, "start"),
        (GOOD, {"reason": "out-of-memory", "exit_code": 137}, "out-of-memory"),
        ([*GOOD[:1], {"event": "error", "class": "load", "message": "no"}], {"exit_code": 1}, "load"),
        ([], {"exit_code": 2}, "start"),
    ],
)
def test_a_launch_without_an_end_has_a_reason_and_no_number(events, said, reason):
    kept = line(events, **said)
    assert (kept["status"], kept["reason"]) == ("failed", reason)
    assert kept["samples"] == kept["warmup"] == []
    assert kept["stderr"] == "oh no"


def test_a_torn_last_line_is_a_launch_cut_short():
    outcome = Outcome(start_ns=1, wall_ns=2, stdout=b'{"event": "hello"}\n{"event": "samp', stderr="", exit_code=137)
    assert record(LAUNCH, 1, "then", outcome)["reason"] == "start"
