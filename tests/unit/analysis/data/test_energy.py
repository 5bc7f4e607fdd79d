"""The energy pass as a frame and in the report: known watts give known joules, and what failed gives none."""

import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.console import Console

from analysis.data.energy import ENERGY_COLUMNS
from analysis.data.launches import load
from analysis.html.report import render
from analysis.report.build import build
from analysis.report.evidence import gather
from analysis.terminal.report_table import show
from analysis.text.phrases import summary
from bench.journal.journal import Run, dumps
from tests.support.synthetic import Truth, facts
from tests.support.synthetic_energy import (
    CHANNEL,
    RAPL,
    SECOND,
    channel,
    energy_line,
    sensed,
    sensors,
    steps,
    write_energy,
)
from tests.unit.analysis.data.test_launches import JSON

TRUTH = Truth()
UM25C = {"relative": 0.0019, "absolute": 0.002}
METER = [channel(accuracy=UM25C, rate_hz=2.0)]


def row(folder: Path, said: dict[str, Any], **change: Any) -> dict[str, Any]:
    run = write_energy(folder, TRUTH, [energy_line(TRUTH, "native", 1, sensed=said)], **change)
    (only,) = load(run).energy.to_dict("records")
    return only


def test_the_columns_that_studies_draw_from_are_there():
    assert {
        "energy_j", "energy_uncertainty_j", "energy_idle_subtracted_j", "energy_idle_subtracted_uncertainty_j",
        "power_w", "temperature_c",
    } <= set(ENERGY_COLUMNS)  # fmt: skip


def test_known_watts_are_known_joules(tmp_path):
    found = row(tmp_path, sensed({CHANNEL: steps(2.0, 6.0)}, channels=METER))
    assert (found["status"], found["reason"], found["scope"], found["meter"]) == ("ok", None, "board", CHANNEL)
    assert (found["cell"], found["arm"], found["framework"]) == (TRUTH.cell, "native", "onnxruntime")
    assert (found["inferences"], found["seconds"]) == (2000, 20.0)
    assert found["power_w"] == pytest.approx(6.0)
    assert found["idle_power_w"] == pytest.approx(2.0)
    assert found["energy_j"] == pytest.approx(6.0 * 20 / 2000)
    assert found["energy_idle_subtracted_j"] == pytest.approx(4.0 * 20 / 2000)


def test_the_meter_s_limits_are_in_the_uncertainty(tmp_path):
    """6 W for 20 s on a UM25C at 5 V: 0.19 % of 120 J and 2 mW for 20 s; of what is above rest, 0.19 % alone."""
    found = row(tmp_path, sensed({CHANNEL: steps(2.0, 6.0)}, channels=METER))
    limit = 0.0019 * 120 + 0.002 * 20
    assert found["energy_meter_j"] == pytest.approx(limit / np.sqrt(3) / 2000)
    assert found["energy_uncertainty_j"] == pytest.approx(2 * limit / np.sqrt(3) / 2000)
    assert found["energy_idle_subtracted_uncertainty_j"] == pytest.approx(2 * 0.0019 * 80 / np.sqrt(3) / 2000)


def test_a_meter_whose_vendor_states_nothing_leaves_that_part_open(tmp_path):
    found = row(tmp_path, sensed({CHANNEL: steps(2.0, 6.0)}))
    assert np.isnan(found["energy_meter_j"])
    assert found["energy_uncertainty_j"] == pytest.approx(2 * found["energy_sampling_j"])


def test_a_restless_rest_makes_what_is_above_it_uncertain(tmp_path):
    random = np.random.default_rng(1)
    found = row(tmp_path, sensed({CHANNEL: lambda at: 6.0 if at >= 105.95 else float(random.normal(2, 0.5))}))
    # 0.5 W over some 50 readings leave 0.07 W, for 20 s; one launch's own scatter is a guess of that.
    assert found["energy_baseline_j"] * 2000 == pytest.approx(20 * 0.5 / np.sqrt(50), rel=0.5)
    assert found["energy_idle_subtracted_uncertainty_j"] > 2 * found["energy_baseline_j"] * 0.99
    assert found["energy_uncertainty_j"] == pytest.approx(0.0, abs=1e-9)


def test_counters_of_several_packages_are_added_up(tmp_path):
    names = [RAPL, "rapl/package-1/energy"]
    joules = [lambda at: 2 * (at - 100) + 8 * max(0, at - 106), lambda at: (at - 100) + 4 * max(0, at - 106)]
    channels = [channel(name, scope="package", rate_hz=1000.0) for name in names]
    said = sensed(dict(zip(names, joules, strict=True)), channels=channels)
    found = row(tmp_path, said, meter=names, scope="2 × package")
    assert found["power_w"] == pytest.approx(15.0)
    assert found["idle_power_w"] == pytest.approx(3.0)
    assert found["energy_j"] == pytest.approx(15.0 * 20 / 2000)
    assert found["energy_idle_subtracted_j"] == pytest.approx(12.0 * 20 / 2000)
    assert 0 < found["energy_uncertainty_j"] < 0.02 * found["energy_j"]


def test_the_highest_temperature_and_what_held_back_are_told(tmp_path):
    heat, state, boot = "thermal/CPU/temperature", "vcgencmd/now/throttle", "vcgencmd/since-boot/throttle"
    said = {CHANNEL: steps(2, 6), heat: lambda at: at - 60, state: lambda at: 4 if 110 < at < 111 else 0}
    found = row(tmp_path / "a", sensed({**said, boot: lambda at: 5}))
    assert found["temperature_c"] == pytest.approx(66.0, abs=0.2), "when the last inference ended"
    assert found["throttled"]
    calm = row(tmp_path / "b", sensed({CHANNEL: steps(2, 6), state: lambda at: 0, boot: lambda at: 5}))
    assert not calm["throttled"], "what happened before the run is not of this launch"
    later = row(tmp_path / "c", sensed({CHANNEL: steps(2, 6), boot: lambda at: 5 if at > 110 else 1}))
    assert later["throttled"]


def lost(at: float, name: str | None = CHANNEL) -> dict[str, Any]:
    return {"t_ns": round(at * SECOND), "sensor": "um25c", "channel": name, "reason": "no answer"}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"lost": [lost(110)]}, f"{CHANNEL} was lost: no answer"),
        ({"lost": [lost(101)]}, "was lost"),
        ({"lost": [{"channel": CHANNEL, "reason": "no moment"}]}, "was lost"),
        ({"channels": [channel("um25c/rfcomm1/power")]}, "it was not there"),
        ({"readings": {}}, "it has no readings"),
        ({"baseline_ns": None}, "when the board was at rest"),
        ({"baseline_ns": [100 * SECOND, 100 * SECOND + 10]}, "at rest, "),
    ],
)
def test_a_sensor_that_failed_gives_no_number_and_is_named(tmp_path, change, said):
    run = write_energy(
        tmp_path, TRUTH, [energy_line(TRUTH, "native", 1, sensed=sensed({CHANNEL: steps(2, 6)}) | change)]
    )
    loaded = load(run)
    (found,) = loaded.energy.to_dict("records")
    assert (found["status"], found["reason"]) == ("failed", "sensor")
    assert said in found["message"]
    assert np.isnan(found["energy_j"])
    assert np.isnan(found["power_w"])
    assert any(said in warning for warning in loaded.warnings)


def test_what_was_lost_after_the_last_inference_or_elsewhere_costs_nothing(tmp_path):
    said = sensed({CHANNEL: steps(2, 6)}, lost=[lost(126.5), lost(110, "thermal/CPU/temperature"), lost(101, None)])
    assert row(tmp_path, said)["status"] == "ok"


def test_a_meter_that_saw_nothing_go_in_gives_no_number(tmp_path):
    assert "the meter said 0 J" in row(tmp_path, sensed({CHANNEL: lambda at: 0.0}))["message"]


def test_a_launch_that_failed_says_why(tmp_path):
    record = energy_line(TRUTH, "native", 1, reason="killed", message="by signal 9", windows=[])
    (found,) = load(write_energy(tmp_path, TRUTH, [record])).energy.to_dict("records")
    assert (found["status"], found["reason"], found["message"]) == ("failed", "killed", "by signal 9")


@pytest.mark.parametrize("windows", [None, [], [{}], [{"start_ns": 5, "end_ns": 4, "inferences": 1}], "abc"])
def test_windows_that_are_none_are_damage(tmp_path, windows):
    (found,) = load(write_energy(tmp_path, TRUTH, [energy_line(TRUTH, "native", 1, windows=windows)])).energy.to_dict(
        "records"
    )
    assert (found["status"], found["reason"]) == ("failed", "damaged")


def pairs(ratio: float, arms: tuple[str, ...] = ("container", "native"), launches: int = 3) -> list[dict[str, Any]]:
    lines = []
    for arm in arms:
        for block in range(1, launches + 1):
            watts = 6.0 + 0.1 * block
            said = sensed({CHANNEL: steps(2, watts)}, channels=METER)
            lines.append(energy_line(TRUTH, arm, block, median_ms=10 * ratio, sensed=said))
            lines.append(energy_line(TRUTH, arm, block, part="control", median_ms=10.0))
    return lines


def test_the_sampler_s_cost_is_the_ratio_of_launches_with_and_without(tmp_path):
    loaded = load(write_energy(tmp_path, TRUTH, pairs(1.02)))
    assert len(loaded.energy) == 6, "a control has no energy"
    assert loaded.energy["sampler_ratio"].to_list() == pytest.approx([1.02] * 6)
    assert loaded.launches.empty, "none of them is a timing"


def test_the_report_has_energy_per_arm_with_its_uncertainty(tmp_path):
    report = json.loads(dumps(build(write_energy(tmp_path, TRUTH, pairs(1.02)))))["energy"]
    assert set(report) == {"scope", "meter", "reason", "sampler", "arms", "failures"}
    assert (report["scope"], report["meter"], report["reason"]) == ("board", [CHANNEL], None)
    assert report["sampler"]["ratio"] == pytest.approx(1.02)
    assert report["sampler"]["pairs"] == 6
    arms = {arm["arm"]: arm for arm in report["arms"]}
    assert set(arms) == {"container", "native"}
    assert arms["native"]["energy_j"] == pytest.approx(6.2 * 20 / 2000)
    assert arms["native"]["meter_stated"] is True
    scatter = 4.303 * 0.1 * 20 / 2000 / np.sqrt(3)  # t over three launches of 6.1, 6.2 and 6.3 W
    meter = 2 * (0.0019 * 6.2 + 0.002) * 20 / 2000 / np.sqrt(3)
    assert arms["native"]["energy_uncertainty_j"] == pytest.approx(np.hypot(scatter, meter), rel=1e-3)


def test_views_show_active_and_idle_subtracted_and_what_they_are_of(tmp_path):
    run = write_energy(tmp_path, TRUTH, pairs(1.02))
    report = build(run)
    out = io.StringIO()
    show(report, Console(file=out, width=80))
    text = out.getvalue()
    assert max(map(len, text.splitlines())) <= 80
    for words in ("energy, mJ", "active", "idle subtracted", "62.0 ±", "42.0 ±", "energy is of the board"):
        assert words in text, words
    page = render(gather([run]))
    assert "of the board" in page
    assert "62.0 ± " in page
    assert any("time of an inference by +2.0 %" in line for line in summary(report))


def test_a_machine_without_a_meter_says_so_in_one_line(tmp_path):
    run = write_energy(tmp_path, TRUTH, [], meter=[], reason="there is no power sensor here")
    said = [text for text in summary(build(run)) if "energy" in text]
    assert said == ["no energy: there is no power sensor here"]


def test_a_run_without_an_energy_pass_does_not_speak_of_it(tmp_path):
    report = build(Run(tmp_path, facts([TRUTH], 1)))
    assert report["energy"] is None
    assert not any("energy" in text for text in summary(report))


def test_what_no_vendor_states_is_said(tmp_path):
    lines = [energy_line(TRUTH, "native", 1, sensed=sensed({CHANNEL: steps(2, 6)}))]
    report = build(write_energy(tmp_path, TRUTH, lines))
    assert report["energy"]["arms"][0]["meter_stated"] is False
    assert any("states no limits of error" in text for text in summary(report))


FIELDS = ("windows", "sensed", "reason", "message", "part")
KEYS = ("channels", "readings", "lost", "baseline_ns", "period_s")


@settings(deadline=None)
@given(
    run=st.dictionaries(st.sampled_from(("meter", "scope", "reason", "channels")), JSON),
    change=st.dictionaries(st.sampled_from(FIELDS), JSON),
    said=st.dictionaries(st.sampled_from(KEYS), JSON),
)
def test_no_content_upsets_the_report(run: dict[str, Any], change: dict[str, Any], said: dict[str, Any]) -> None:
    record = energy_line(TRUTH, "native", 1, sensed=sensed({CHANNEL: steps(2, 6)}, step=1.0) | said) | change
    whole = facts([TRUTH], 1) | {"sensors": sensors() | run}
    report = build(Run(Path(), whole, energy=[record], lines={record["launch"]: 1}))
    json.dumps(report, allow_nan=False)
    show(report, Console(file=io.StringIO(), width=80))
