"""Time to the first inference, from moments whose truth is known; and what the container adds to it."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from analysis.data.launches import load
from analysis.data.phases import PHASES, phases, total
from analysis.report import coldstart
from analysis.report.build import build
from bench.journal.journal import Journal, read, write_run
from tests.support.synthetic import ARMS, Truth, facts, line

MS = 10**6
ASKED = 5000 * MS
TICK = 10 * MS


def launch(arm: str = "container", scale: float = 1.0, **missing: Any) -> dict[str, Any]:
    """A line whose phases are 40, 80, 100, 300, 50 and 20 ms (a process: no 40, started after 2)."""
    create, start = (round(40 * scale * MS), round(80 * scale * MS)) if arm == "container" else (0, 2 * MS)
    made = ASKED + create + start
    first_line = made + round(100 * scale * MS)
    record = line(Truth(), arm, 1, [MS] * 5, start_ns=ASKED, created_ns=ASKED + create if create else None)
    record["hello"] |= {
        "process_start_ns": made // TICK * TICK,
        "process_start_resolution_ns": TICK,
        "first_line_ns": first_line,
        "import_ns": round(300 * scale * MS),
        "t_ns": first_line + round(310 * scale * MS),
    }
    record["loaded"] |= {"load_ns": round(50 * scale * MS), "first_ns": round(20 * scale * MS)}
    for part, keys in missing.items():
        for key in keys:
            del record[part][key]
    return record


def test_a_container_s_phases_follow_one_another() -> None:
    found = phases(launch())
    assert list(found) == list(PHASES)
    assert found["create"] == 40 * MS
    assert found["start"] == pytest.approx(80 * MS, abs=TICK / 2)  # the kernel tells it in ticks
    assert found["start"] + found["interpreter"] == 180 * MS
    assert (found["import"], found["load"], found["first"]) == (300 * MS, 50 * MS, 20 * MS)
    assert total(phases(launch())) == sum(found.values()) == 590 * MS


def test_a_process_has_no_container_to_make() -> None:
    found = phases(launch("native"))
    assert "create" not in found
    assert total(phases(launch("native"))) == 472 * MS


def test_a_start_is_not_before_it_was_asked_for() -> None:
    record = launch("native")
    record["hello"]["process_start_ns"] = ASKED - 9 * MS  # rounded down to the tick before
    assert 0 < phases(record)["start"] < 5 * MS


def test_an_older_line_has_one_phase_before_the_import() -> None:
    record = launch("native", hello=["process_start_ns", "first_line_ns"])
    found = phases(record)
    assert list(found) == ["start", "import", "load", "first"]
    assert found["start"] == record["hello"]["t_ns"] - ASKED - 300 * MS


@pytest.mark.parametrize("lost", [{"hello": ["import_ns"]}, {"loaded": ["load_ns"]}, {"loaded": ["first_ns"]}])
def test_without_a_part_there_is_no_total(lost: dict[str, list[str]]) -> None:
    assert np.isnan(total(phases(launch(**lost))))


@pytest.mark.parametrize("odd", [None, "1", -1, True, 10**20, [1]])
def test_a_damaged_moment_is_left_out(odd: Any) -> None:
    record = launch()
    record["loaded"]["load_ns"] = odd
    assert "load" not in phases(record)
    record["start_ns"] = record["hello"]["t_ns"] = odd
    assert set(phases(record)) <= {"start", "interpreter", "import", "first"}


def write(folder: Path) -> None:
    """Ten blocks in which a container takes 1.25 times as long to its first inference as it does natively."""
    write_run(folder, facts([Truth()], blocks=10))
    random = np.random.default_rng(1)
    with Journal(folder) as journal:
        for block in range(1, 11):
            for arm in ARMS:
                record = launch(arm, scale=float(random.normal(1, 0.02)))
                journal.append(record | {"block": block, "launch": f"{Truth().cell}/{arm}/{block}"})


def test_the_report_has_the_phases_of_every_arm_and_what_the_container_adds(tmp_path: Path) -> None:
    write(tmp_path)
    [cell] = json.loads(json.dumps(build(read(tmp_path))))["cells"]
    assert cell["arms"]["container"]["phases"]["create"] == pytest.approx(40, rel=0.05)
    assert cell["arms"]["native"]["phases"]["create"] is None
    added = cell["cold_start"]["total"]
    assert added["blocks"] == 10
    assert added["ratio"] == pytest.approx(590 / 472, rel=0.02)
    assert added["ci95"][0] < added["ratio"] < added["ci95"][1]
    assert set(cell["cold_start"]) == {"virtualization", "userland", "total"}


def test_launches_without_moments_have_no_phases(tmp_path: Path) -> None:
    record = launch(hello=["import_ns", "t_ns"], loaded=["load_ns", "first_ns"]) | {"start_ns": None}
    write_run(tmp_path, facts([Truth()], blocks=1))
    with Journal(tmp_path) as journal:
        journal.append(record)
    rows = load(read(tmp_path)).launches.to_dict("records")
    assert set(coldstart.describe(rows).values()) == {None}
    assert coldstart.compare(rows) == {}
