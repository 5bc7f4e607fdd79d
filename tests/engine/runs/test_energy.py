"""Energy and heat on a real engine, with a constructed board in place of this machine's sensors."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.engine.conftest import BENCH, CELL, containers, journal
from tests.support.sensor_trees import TX2, plant

# What a constructed board says depends on nothing that is computed beside it.
pytestmark = [pytest.mark.engine, pytest.mark.usefixtures("apart")]

RUN = ("matrix", "run", "--select", CELL, "--profile", "demo", "--blocks", "1", "--energy", "--quiet", "--json")
ARMS = ("container", "native")


@pytest.fixture(scope="module")
def measured(made, tmp_path_factory):
    """One run with an energy pass in two arms, which several tests look at: (its folder, what bench said)."""
    folder = tmp_path_factory.mktemp("measured")
    board = plant(folder / "board", TX2)
    command = [*BENCH, *RUN, "--arms", ",".join(ARMS), "--sensors-root", str(board)]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return folder / json.loads(done.stdout)["path"], done.stderr


def test_a_run_with_an_energy_pass_tells_joules_of_every_arm(measured, made, bench):
    run, said = measured
    assert "energy of the board, by ina3221/VDD_IN/power, ina3221/VDD_MUX/power" in said
    lines = [line for line in journal(run.parent) if line["status"] == "energy"]
    assert len(lines) == 2 * len(ARMS) * 2, "launches × arms × with and without the sampler"
    assert containers(made, run.name) == []

    report = json.loads(bench("report", str(run), "--json").stdout)["energy"]
    assert [arm["arm"] for arm in report["arms"]] == list(ARMS)
    for arm in report["arms"]:
        assert (arm["launches"], arm["failed"]) == (2, 0)
        assert arm["power_w"] == pytest.approx(9.0), "what the constructed board always says"
        assert arm["energy_j"] > 0
        assert arm["energy_idle_subtracted_j"] == pytest.approx(0.0, abs=1e-9)
        assert arm["temperature_c"] == pytest.approx(41.5)
    assert report["sampler"]["pairs"] == 2 * len(ARMS)
    assert "energy, mJ" in bench("report", str(run)).stdout


def test_a_run_cut_short_in_its_energy_pass_is_completed(measured, bench, tmp_path):
    run = shutil.copytree(measured[0], tmp_path / "results" / measured[0].name)
    kept = (run / "journal.jsonl").read_text().splitlines(keepends=True)
    (run / "journal.jsonl").write_text("".join(kept[:-1]))
    again = bench("matrix", "resume", run.name, "--quiet")
    assert again.returncode == 0, again.stderr
    after = (run / "journal.jsonl").read_text().splitlines(keepends=True)
    assert after[:-1] == kept[:-1]
    assert [json.loads(line)["launch"] for line in after] == [json.loads(line)["launch"] for line in kept]


def test_a_machine_without_power_sensors_says_so_in_one_line_and_goes_on(made, bench, tmp_path):
    done = bench(*RUN, "--arms", "native", "--sensors-root", str(tmp_path))
    assert done.returncode == 0, done.stderr
    assert [line for line in done.stderr.splitlines() if "energy" in line] == [
        "no energy: there is no power sensor here"
    ]
    lines = journal(tmp_path / "results")
    assert {line["status"] for line in lines} == {"ok"}
    report = json.loads(bench("report", json.loads(done.stdout)["path"], "--json").stdout)
    assert (report["energy"]["arms"], report["energy"]["reason"]) == ([], "there is no power sensor here")


@pytest.mark.parametrize("arm", ["container", "native"])
def test_a_thermal_study_tells_time_and_temperature(arm, made, bench, tmp_path):
    board = plant(tmp_path / "board", TX2)
    framework, model = CELL.split("/")[1:3]
    done = bench(
        "measure", "thermal", "--framework", framework, "--model", model, "--arm", arm, "--minutes", "0.1",
        "--sensors-root", str(board), "--png", "thermal.png", "--html", "thermal.html", "--json",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    assert said["cell"] == CELL
    assert said["seconds"] >= 5
    assert said["inferences"] > 0
    assert (said["ended"], said["lost"]) == (None, [])
    assert said["steady"]["reached"] is False
    assert (tmp_path / "thermal.png").read_bytes().startswith(b"\x89PNG")
    assert (Path(tmp_path / said["path"]) / "thermal.svg").is_file()
    assert "In plain words" in (tmp_path / "thermal.html").read_text()
    shown = bench("study", "thermal", "--show", "latest")
    assert "0 whole minutes were measured" in shown.stdout
