"""Several runs side by side: labels, what is read, the typical launch, and who is not told apart."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from analysis.data.phases import phases
from analysis.report.best import best_frameworks
from analysis.report.evidence import gather
from analysis.report.stats.interval import typical, typical_of
from analysis.studies import STUDIES
from analysis.studies.run_study import answer_study
from bench.core.errors import ConfigError
from bench.journal.journal import Journal, read, write_run
from tests.support.synthetic import RUN_ID, Truth, facts, line, write
from tests.support.synthetic_energy import CHANNEL, add_energy, energy_line, sensed, sensors, steps, write_energy

WATTS = {CHANNEL: steps(2.0, 6.0)}

OTHER = "20261124T101500-77aa11"


def test_the_typical_launch_is_a_geometric_mean_with_a_t_interval() -> None:
    figures = np.array([10.0, 12.0, 11.0, 13.0])
    value, low, high = typical_of(figures)
    logs = np.log(figures)
    expected = stats.t.interval(0.95, 3, loc=logs.mean(), scale=stats.sem(logs))
    assert (value, low, high) == pytest.approx((np.exp(logs.mean()), *np.exp(expected)))


@pytest.mark.parametrize(("figures", "value"), [([], np.nan), ([5.0], 5.0), ([np.nan, -1.0, 0.0], np.nan)])
def test_without_two_figures_there_is_no_interval(figures: list[float], value: float) -> None:
    assert typical_of(figures) == pytest.approx((value, np.nan, np.nan), nan_ok=True)


def test_groups_are_kept_apart() -> None:
    frame = pd.DataFrame({"arm": ["a", "b", "a", "b"], "ms": [1.0, 5.0, 1.0, 7.0]})
    found = typical(frame, "ms", ["arm"])
    assert found["value"].to_dict() == pytest.approx({"a": 1.0, "b": np.sqrt(35)})
    assert found["n"].to_dict() == {"a": 2, "b": 2}


def test_cells_stand_in_the_order_of_the_plan_and_of_arms(tmp_path: Path) -> None:
    evidence = gather([write(tmp_path, [Truth(framework="tvm"), Truth()], blocks=2, samples=3)])
    places = list(zip(evidence.cells["framework"], evidence.cells["arm"], strict=True))
    arms = ("container", "rootfs", "native")
    assert places == [(framework, arm) for framework in ("tvm", "onnxruntime") for arm in arms]


def test_the_container_is_read_and_where_it_has_no_number_the_next(tmp_path: Path) -> None:
    write_run(tmp_path, facts([Truth()], blocks=1))
    failed: dict[str, Any] = {"status": "failed", "reason": "out-of-memory"}
    lines = [line(Truth(), "container", 1, [], **failed), line(Truth(), "native", 1, [9_000_000])]
    (tmp_path / "journal.jsonl").write_text("".join(f"{as_json(said)}\n" for said in lines))
    [row] = gather([read(tmp_path)]).one_arm.to_dict("records")
    assert (row["arm"], row["ms"]) == ("native", pytest.approx(9))


def as_json(value: Any) -> str:
    from bench.journal.journal import dumps

    return dumps(value)


def test_energy_has_its_uncertainty_its_scope_and_its_own_launches(tmp_path: Path) -> None:
    run = add_energy(write(tmp_path, [Truth(), Truth(framework="tvm")], 2, 3), [(Truth(), 2.0, 6.0)])
    cells = gather([run]).cells
    row = cells.iloc[0]
    assert (row["framework"], row["arm"], row["launches"], row["energy_launches"]) == ("onnxruntime", "container", 2, 2)
    assert (row["energy_j"], row["energy_idle_subtracted_j"]) == (pytest.approx(0.06), pytest.approx(0.04))
    assert row["high_energy_j"] - row["energy_j"] == pytest.approx(row["energy_uncertainty_j"])
    assert (row["scope"], row["meter_stated"], row["temperature_c"]) == ("board", False, 51.0)
    assert cells[cells["framework"] == "tvm"]["energy_j"].isna().all()


def test_the_arm_that_has_an_energy_is_read_for_it(tmp_path: Path) -> None:
    run = write(tmp_path, [Truth()], 2, 3)
    with Journal(tmp_path) as journal:
        journal.append(energy_line(Truth(), "native", 1, sensed=sensed(WATTS)))
    write_run(tmp_path, run.facts | {"sensors": sensors()})
    evidence = gather([read(tmp_path)])
    assert list(evidence.one_arm["arm"]) == ["container"]
    assert list(evidence.one_arm_with("energy_j")["arm"]) == ["native"]


def test_a_cell_that_was_not_timed_keeps_its_energy(tmp_path: Path) -> None:
    evidence = gather([write_energy(tmp_path, Truth(), [energy_line(Truth(), "native", 1, sensed=sensed(WATTS))])])
    [row] = evidence.cells.to_dict("records")
    assert (row["energy_j"], row["launches"], row["reason"]) == (pytest.approx(0.06), 0, "not timed")
    assert row["ms"] != row["ms"]
    assert answer_study(STUDIES["energy"], evidence).table.query("whose == 'run'")["value"].max() == pytest.approx(60)


def test_runs_have_short_names_that_tell_them_apart(tmp_path: Path) -> None:
    one = write(tmp_path / "a", [Truth()], 1, 3)
    two = write(tmp_path / "b", [Truth()], 1, 3, run_id=OTHER)
    alike = write(tmp_path / "c", [Truth()], 1, 3, run_id="other-77aa11")
    assert list(gather([one]).labels.values()) == [""]
    assert gather([one, two]).labels == {RUN_ID: "a1b2c3", OTHER: "77aa11"}
    assert gather([two, alike]).labels == {OTHER: OTHER, "other-77aa11": "other-77aa11"}


def test_a_run_that_is_named_twice_is_refused(tmp_path: Path) -> None:
    run = write(tmp_path, [Truth()], 1, 3)
    with pytest.raises(ConfigError, match="named twice"):
        gather([run, run])


def test_memory_is_that_of_the_process(tmp_path: Path) -> None:
    run = write(tmp_path, [Truth(memory_bytes=96_000_000)], 2, 3)
    run.launches[0]["memory"]["cgroup_peak_bytes"] = 5_000_000_000  # outside a container: everybody's
    assert set(gather([run]).cells["memory_bytes"]) == {96_000_000}


def test_the_best_is_named_with_those_that_may_be_as_fast(tmp_path: Path) -> None:
    truths = [Truth(ms=10), Truth(framework="tvm", ms=10.02), Truth(framework="pytorch", ms=30)]
    [best] = best_frameworks(gather([write(tmp_path, truths, blocks=6, samples=9)]))
    assert best["framework"] in ("onnxruntime", "tvm")
    assert set(best["not_told_apart"]) == {"onnxruntime", "tvm"} - {best["framework"]}
    assert best["ci95_ms"][0] < best["ms"] < best["ci95_ms"][1]


def test_one_launch_tells_nobody_apart(tmp_path: Path) -> None:
    truths = [Truth(ms=10), Truth(framework="pytorch", ms=30)]
    [best] = best_frameworks(gather([write(tmp_path, truths, blocks=1, samples=9)]))
    assert (best["framework"], best["ci95_ms"], best["not_told_apart"]) == ("onnxruntime", None, ["pytorch"])


def test_a_launch_tells_its_phases() -> None:
    said = line(Truth(phases_ms=(60, 150, 120, 25)), "native", 1, [1])
    assert phases(said) == {"start": 60e6, "import": 150e6, "load": 120e6, "first": 25e6}


@pytest.mark.parametrize(
    "change",
    [
        {"hello": None, "loaded": [3]},
        {"start_ns": "0"},
        {"hello": {"t_ns": 5, "import_ns": 10**30}},
        {"start_ns": 10**18},
    ],
)
def test_what_is_no_phase_is_none(change: dict[str, Any]) -> None:
    found = phases(line(Truth(), "native", 1, [1]) | change)
    assert "start" not in found
    assert all(0 < ns < 86_400e9 for ns in found.values())
