"""When a page that follows a run is complete."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bench.journal.follow import is_whole
from bench.journal.journal import Run

TIMED = ["host/tflite/vgg16/fp32/native/1", "host/tflite/vgg16/fp32/native/2"]
PASS = [f"host/tflite/vgg16/fp32/native/{part}/{n}" for part in ("energy", "control") for n in (1, 2, 3)]


def run(lines: list[str], **facts: Any) -> Run:
    said = {"plan": {"launches": TIMED, "energy": {"launches": 3}}, "sensors": {"meter": ["um25c/tty/power"]}}
    return Run(Path(), said | facts, lines=dict.fromkeys(lines, 1))


def test_a_run_is_whole_when_its_energy_pass_is_over_too() -> None:
    assert not is_whole(run(TIMED[:1]))
    assert not is_whole(run(TIMED))
    assert not is_whole(run([*TIMED, *PASS[:-1]]))
    assert is_whole(run([*TIMED, *PASS]))


def test_a_cell_that_was_measured_enough_has_no_more_blocks() -> None:
    stopped = {"host/tflite/vgg16/fp32": {"block": 1}}
    assert is_whole(replace(run(TIMED[:1], sensors=None), stops=stopped))
    assert not is_whole(replace(run([], sensors=None), stops=stopped))


def test_what_the_host_disturbed_is_launched_again() -> None:
    disturbed = {"launch": TIMED[1], "replaced": True}
    assert not is_whole(replace(run(TIMED, sensors=None), launches=[disturbed]))
    assert is_whole(replace(run(TIMED, sensors=None), launches=[disturbed | {"replaced": False}]))


@pytest.mark.parametrize("sensors", [None, {"meter": None}, {"meter": []}, 3, {}])
def test_without_a_meter_there_is_no_energy_pass(sensors: Any) -> None:
    assert is_whole(run(TIMED, sensors=sensors))
    assert not is_whole(run(TIMED[:1], sensors=sensors))


@pytest.mark.parametrize("energy", [None, [], {"launches": "many"}, {"launches": 1e400}, 7])
def test_a_damaged_plan_has_no_energy_pass(energy: Any) -> None:
    assert is_whole(run(TIMED, plan={"launches": TIMED, "energy": energy}))
    assert is_whole(run([], plan={"launches": "none"}))
    assert not is_whole(run(TIMED, plan={"launches": [*TIMED, 3]}))
