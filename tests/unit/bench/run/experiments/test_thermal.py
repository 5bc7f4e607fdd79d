"""A thermal study with a scripted arm and a constructed board: what is kept as it comes, whatever ends it."""

import json
import time
from pathlib import Path

import pytest
from rich.console import Console

from analysis.experiments.thermal import answer
from analysis.experiments.thermal_events import read_recording
from bench.arms.launch import Outcome
from bench.artifacts.request import Prepared
from bench.core.errors import ConfigError, HostError, Interrupted
from bench.core.matrix.plan import Selection, make_plan
from bench.core.matrix.schema import Sensing, load_matrix
from bench.hosts import sensors as sampling
from bench.journal.event_file import EventFile
from bench.journal.study_folder import find_study
from bench.run.experiments import thermal
from bench.run.prepare import Ready
from tests.support.sensor_trees import NANO, plant
from tests.unit.bench.journal.test_journal import disk_of

WANTED = Selection(device="host", frameworks=["tflite"], models=["cifarnet"], arms=["native"], blocks=1, seed=0)
PLAN = make_plan(load_matrix(), WANTED)


class WarmingArm:
    """Tells of three windows, one after the other, and warms the board up with each."""

    name = "native"

    def __init__(self, board: Path, last: object = None) -> None:
        self.board, self.last, self.spec = board, last, None

    def launch(self, spec):
        self.spec = spec
        said = b""
        for number in range(3):
            start = time.monotonic_ns()
            (self.board / "sys/class/thermal/thermal_zone1/temp").write_text(f"{40 + number}000\n")
            time.sleep(0.1)
            window = {"start_ns": start, "end_ns": time.monotonic_ns(), "inferences": 5, "median_ns": 20_000_000}
            piece = json.dumps({"event": "window", **window}).encode() + b"\n"
            said += piece
            spec.hear(piece[:7])  # a pipe knows no lines
            spec.hear(piece[7:])
        if isinstance(self.last, BaseException):
            raise self.last
        end = json.dumps(self.last or {"event": "done", "samples": 15}).encode() + b"\n"
        spec.hear(end)
        code = 1 if self.last else 0
        return Outcome(start_ns=0, wall_ns=1, stdout=said + end, stderr="", exit_code=code)


@pytest.fixture
def board(tmp_path: Path) -> Path:
    return plant(tmp_path / "board", NANO)


@pytest.fixture
def study(tmp_path, board, monkeypatch):
    """Carry out a study of an arm that ends in its own way."""
    monkeypatch.setenv("EDGEBENCH_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(thermal, "PERIOD", 0.02)

    def measure(last: object = None, **change: object):
        arm = WarmingArm(board, last)
        (cell,) = PLAN.cells
        prepared = {cell.id: Prepared(cell, tmp_path / "t.json", (tmp_path,), None, tmp_path / "e.json")}
        ready = Ready(engine=None, arms={"native": arm}, prepared=prepared, images={}, artifacts={}, recipes={})
        monkeypatch.setattr(thermal, "make_ready", lambda *_, **__: ready)
        sensing = Sensing(root=str(board), period=0.02)
        said = {"minutes": 0.01, "cooldown": 0, "sensing": sensing, "command": "bench measure thermal", **change}
        result = thermal.measure(
            PLAN, load_matrix(), thermal.Options(**said), tmp_path / "results", Console(quiet=True)
        )
        return arm, *result

    return measure


def test_a_study_keeps_what_both_programs_said(study, tmp_path):
    arm, folder, failure = study()
    assert failure is None
    assert arm.spec.request.name == "e.json"
    assert find_study(tmp_path / "results", "latest") == folder
    facts = json.loads((folder / "study.json").read_text())
    assert (facts["cell"], facts["arm"], facts["device"]) == ("host/tflite/cifarnet/fp32", "native", "host")
    assert facts["sensors"]["scope"] == "rail POM_5V_IN"
    events = [json.loads(line) for line in (folder / "events.jsonl").read_text().splitlines()]
    assert {event["source"] for event in events} == {"runner", "sampler"}
    said = read_recording(folder)
    assert said.warnings == []
    assert len(said.windows) == 3
    heats = {reading["values"].get("thermal/CPU-therm/temperature") for reading in said.readings}
    assert 42.0 in heats, "the last, as it was at the end"
    assert answer(said)["ended"] is None


def test_sensors_are_read_on_while_it_cools_down(study):
    _, folder, _ = study(cooldown=0.4 / 60)
    said = read_recording(folder)
    assert said.readings[-1]["at_ns"] > said.windows[-1]["end_ns"] + 3 * 10**8


def test_an_interrupted_study_keeps_what_was_heard_and_says_how_to_see_it(study, tmp_path):
    with pytest.raises(Interrupted, match="bench measure thermal --show"):
        study(Interrupted("interrupted by SIGINT"))
    said = read_recording(find_study(tmp_path / "results", "latest"))
    assert len(said.windows) == 3
    assert "the board went off" in answer(said)["ended"]


def test_a_launch_that_fails_is_kept_with_its_reason(study):
    _, folder, failure = study({"event": "error", "class": "infer", "message": "no memory left"})
    assert failure == "infer: no memory left"
    assert answer(read_recording(folder))["ended"] == failure


def test_a_full_disk_ends_the_study_at_once(study, tmp_path):
    with disk_of(20_000), pytest.raises(HostError, match=r"cannot write .*events\.jsonl"):
        study(cooldown=30)
    folder = find_study(tmp_path / "results", "latest")
    assert read_recording(folder).windows, "what fits is kept"


def test_a_sampler_whose_words_cannot_be_kept_says_so_when_it_is_stopped(board):
    def full(_event):
        raise HostError("cannot write")

    with (
        sampling.Sampler(Sensing(root=str(board)), hear=full) as sampler,
        pytest.raises(HostError, match="cannot write"),
    ):
        sampler.stop()


def test_an_event_file_that_cannot_be_opened_is_said(tmp_path):
    with pytest.raises(HostError, match="cannot write"):
        EventFile(tmp_path / "nowhere" / "events.jsonl")


def test_a_study_is_found_by_folder_id_and_latest(tmp_path):
    for name in ("20260101T000000-aaaaaa", "20260102T000000-bbbbbb"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "study.json").write_text("{}")
    assert find_study(tmp_path, "latest").name == "20260102T000000-bbbbbb"
    assert find_study(tmp_path, "20260101T000000-aaaaaa") == tmp_path / "20260101T000000-aaaaaa"
    assert find_study(tmp_path, str(tmp_path / "20260101T000000-aaaaaa")).name.endswith("aaaaaa")
    with pytest.raises(ConfigError, match="did you mean"):
        find_study(tmp_path, "20260101T000000-aaaaab")
