"""The energy pass with a scripted arm, a real sampler and a constructed board: from the plan to joules."""

import json
import time
from pathlib import Path

import pytest
from rich.console import Console

from analysis.data.launches import load
from bench.arms.launch import Outcome
from bench.artifacts.request import Prepared
from bench.core.matrix.plan import Launch, Selection, make_plan
from bench.core.matrix.schema import Energy, Sensing, load_matrix
from bench.hosts.monitor import Watch
from bench.hosts.sensors import survey
from bench.journal.journal import Journal, read, write_run
from bench.run.energy import EnergyPass
from bench.run.execute import Settings, Todo, execute
from bench.run.progress import Progress
from bench.run.session import _launches
from tests.support.sensor_trees import TX2, plant

SETTINGS = Settings(run_id="r", cpus="0", threads=1, timeout=1.0, memory=None)
PLAN = make_plan(
    load_matrix(),
    Selection(
        device="host", frameworks=["tflite"], models=["cifarnet"], arms=["native"], blocks=1, seed=3, energy=True
    ),
)


class InferringArm:
    """Infers for half a second, or so it says."""

    name = "native"

    def __init__(self) -> None:
        self.specs = []

    def prepare(self, framework):
        """Nothing to make ready."""

    def launch(self, spec):
        self.specs.append(spec)
        start = time.monotonic_ns()
        time.sleep(0.5)
        window = {"start_ns": start, "end_ns": time.monotonic_ns(), "inferences": 50, "median_ns": 10_000_000}
        events = [{"event": "window", **window}, {"event": "done", "samples": 50}]
        return Outcome(
            start_ns=start, wall_ns=1, stdout="\n".join(map(json.dumps, events)).encode(), stderr="", exit_code=0
        )


def bounds(launches: int = 1) -> Energy:
    return Energy.model_construct(launches=launches, baseline=0.3, seconds=0.5)


def run_pass(folder: Path, sensing: Sensing, launches: list[Launch], arm: InferringArm) -> None:
    """Carry out these launches and keep them as a run."""
    prepared = {
        cell.id: Prepared(cell, folder / "timing.json", (folder,), None, folder / "energy.json") for cell in PLAN.cells
    }
    cells = [{"cell": c.id, "framework": c.framework, "model": c.model, "precision": c.precision} for c in PLAN.cells]
    write_run(
        folder, {"schema": 1, "run_id": "r", "plan": {"device": "host", "cells": cells}, "sensors": survey(sensing)}
    )
    progress = Progress(len(launches), 1, console=Console(quiet=True))
    with Journal(folder) as journal, progress:
        todo = [Todo(launch) for launch in launches]
        energy = EnergyPass(bounds(), sensing)
        execute(todo, prepared, {"native": arm}, SETTINGS, journal.append, progress, Watch([0], folder), energy=energy)


def test_each_launch_has_its_control_beside_it_in_random_order():
    plan = make_plan(
        load_matrix(), Selection(device="host", frameworks=["tflite"], models=["cifarnet"], seed=1, energy=True)
    )
    launches = list(plan.energy_launches())
    assert len(launches) == plan.energy.launches * 3 * 2
    assert len({launch.id for launch in launches}) == len(launches)
    for one, other in zip(launches[::2], launches[1::2], strict=True):
        assert (one.cell, one.arm, one.block) == (other.cell, other.arm, other.block)
        assert {one.part, other.part} == {"energy", "control"}
    assert {launch.part for launch in launches[::2]} == {"energy", "control"}, "either may come first"
    assert launches[0].id.startswith("host/tflite/cifarnet/fp32/")
    assert launches == list(plan.energy_launches())
    assert not {launch.id for launch in launches} & {launch.id for launch in plan.launches()}


def test_without_being_asked_for_there_is_none():
    plan = make_plan(load_matrix(), Selection(device="host", frameworks=["tflite"], models=["cifarnet"]))
    assert list(plan.energy_launches()) == []


def test_a_known_board_gives_known_joules(tmp_path):
    plant(tmp_path / "board", TX2)
    sensing = Sensing(root=str(tmp_path / "board"), period=0.02)
    arm = InferringArm()
    launches = list(PLAN.energy_launches())[:2]
    run_pass(tmp_path / "run", sensing, launches, arm)
    assert {spec.request.name for spec in arm.specs} == {"energy.json"}
    assert {spec.timeout for spec in arm.specs} == {1.5}

    run = read(tmp_path / "run")
    assert run.warnings == []
    assert run.launches == [], "none of them is a timing"
    lines = {line["part"]: line for line in run.energy}
    assert set(lines) == {"energy", "control"}
    assert "sensed" not in lines["control"]
    loaded = load(run)
    (row,) = loaded.energy.to_dict("records")
    assert (row["status"], row["scope"]) == ("ok", "board")
    assert row["power_w"] == pytest.approx(9.0), "VDD_IN and VDD_MUX"
    assert row["energy_j"] == pytest.approx(9.0 * row["seconds"] / 50)
    assert row["energy_idle_subtracted_j"] == pytest.approx(0.0, abs=1e-9), "nothing changes on this board"
    assert row["temperature_c"] == pytest.approx(41.5)
    assert row["sampler_ratio"] == pytest.approx(1.0)


def test_a_rail_that_vanishes_midway_gives_no_number_and_the_pass_goes_on(tmp_path):
    plant(tmp_path / "board", TX2)
    sensing = Sensing(root=str(tmp_path / "board"), period=0.02)

    class Breaking(InferringArm):
        def launch(self, spec):
            for path in (tmp_path / "board").rglob("in_power0_input"):
                path.unlink()
            return super().launch(spec)

    launches = [launch for launch in PLAN.energy_launches() if launch.part == "energy"][:1]
    run_pass(tmp_path / "run", sensing, launches, Breaking())
    loaded = load(read(tmp_path / "run"))
    (row,) = loaded.energy.to_dict("records")
    assert (row["status"], row["reason"]) == ("failed", "sensor")
    assert "ina3221/VDD_IN/power was lost: no such file" in row["message"]
    assert row["inferences"] == 50, "what ran is told"


def test_a_machine_without_a_meter_has_no_energy_launches(tmp_path):
    nothing, something = survey(Sensing(root=str(tmp_path))), survey(Sensing(root=str(plant(tmp_path / "tx2", TX2))))
    timed = list(PLAN.launches())
    assert list(_launches(PLAN, nothing)) == timed
    assert list(_launches(PLAN, something)) == timed + list(PLAN.energy_launches())
    assert list(_launches(PLAN, None)) == timed
