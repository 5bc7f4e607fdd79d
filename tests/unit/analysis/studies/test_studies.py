"""Each study on the paper's data alone, and on runs whose truth is known."""

import re
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from analysis.charts import figures
from analysis.charts.vega import compile_chart, save
from analysis.data import reference
from analysis.data.number_format import number
from analysis.report import study_data
from analysis.report.evidence import Evidence, gather
from analysis.report.study_data import READING, in_order, shown
from analysis.studies import STUDIES
from analysis.studies.pareto import ROUNDING
from analysis.studies.run_study import answer_study
from analysis.studies.stack import PARTS, TOTAL
from bench.artifacts.references import load_references
from bench.core.paths import PROJECT
from bench.core.terminal import short
from bench.journal.journal import Journal, read, write_run
from tests.support.synthetic import ARMS, Truth, facts, line, write
from tests.support.synthetic_energy import add_energy

EXACT: dict[str, Any] = {
    "launch_sd": 0.0,
    "sample_sd": 0.0,
    "drift_sd": 0.0,
    "factors": dict.fromkeys(ARMS, 1.0),
}
NOTHING = gather([])


def ran(folder: Path, *truths: Truth, blocks: int = 3) -> Evidence:
    return gather([write(folder, list(truths), blocks=blocks, samples=3)])


def sensed(folder: Path, watts: list[tuple[Truth, float, float]], *others: Truth) -> Evidence:
    """With an energy pass of some cells: their watts at rest and at work."""
    run = write(folder, [*(truth for truth, _, _ in watts), *others], blocks=3, samples=3)
    return gather([add_energy(run, watts)])


def table(name: str, evidence: Evidence, **where: Any) -> pd.DataFrame:
    found = answer_study(STUDIES[name], evidence).table
    for column, value in where.items():
        found = found[found[column] == value]
    return found


def one(name: str, evidence: Evidence, **where: Any) -> dict[Any, Any]:
    [row] = table(name, evidence, **where).to_dict("records")
    return row


# The paper alone


@pytest.mark.parametrize("name", STUDIES)
def test_without_a_run_the_paper_stands_alone(name: str, tmp_path: Path) -> None:
    answer = answer_study(STUDIES[name], NOTHING)
    assert list(answer.table.columns[: len(study_data.COLUMNS)]) == list(study_data.COLUMNS)
    assert set(answer.table["whose"]) == {"paper"}
    assert answer.table["launches"].isna().all()  # the paper does not say
    assert (answer.table["source"] != "").all()
    read = answer.table[answer.table["interval"] == READING]
    assert (read["low"] < read["value"]).all()
    assert (read["value"] < read["high"]).all()
    unread = answer.table[answer.table["interval"] == ""]
    assert unread[["low", "high"]].isna().all(axis=None)
    for ending, start in (("png", b"\x89PNG"), ("svg", b"<svg")):
        save(answer.figure, tmp_path / f"figure.{ending}")
        assert (tmp_path / f"figure.{ending}").read_bytes().startswith(start)
    assert answer.caption.endswith(".")


def test_the_paper_has_all_its_values_in_the_studies() -> None:
    for name, sources in (("devices", ["Fig. 2"]), ("frameworks", ["Fig. 3", "Fig. 4", "Fig. 6", "Fig. 8"])):
        times = reference.load("times")
        assert len(table(name, NOTHING)) == times["source"].isin(sources).sum()
    assert len(table("energy", NOTHING)) == len(reference.load("energy"))
    assert len(table("power", NOTHING)) == len(reference.load("power"))
    assert len(table("temperature", NOTHING)) == len(reference.load("temperature"))
    assert len(table("stack", NOTHING)) == len(reference.load("stack"))


def test_its_stated_means_come_out() -> None:
    means = table("edge-specific", NOTHING, model="geometric mean")
    assert dict(zip(zip(means["framework"], means["baseline"], strict=True), means["value"].round(2), strict=True)) == {
        ("tensorrt", "pytorch"): 4.1,
        ("tflite", "pytorch"): 4.53,
        ("tflite", "tensorflow"): 1.58,
    }
    hpc = table("edge-hpc", NOTHING, model="geometric mean").set_index("device")
    assert hpc.at["all four", "value"] == pytest.approx(2.99, abs=0.01)
    assert hpc.at["all four", "low"] < 2.99 < hpc.at["all four", "high"]
    assert hpc.at["gtx-titan-x", "value"] == pytest.approx(3.9, abs=0.05)


def test_table_1_is_told_in_one_unit() -> None:
    work = table("models", NOTHING, quantity="macs_per_param").set_index("model")
    assert work.at["vgg16", "value"] == pytest.approx(111.81)
    assert work.at["c3d", "value"] == pytest.approx(734.05 / 2)
    assert work.at["c3d", "note"] == "printed as 734"
    assert {name for name, row in load_references().items() if row.study and row.study.unit == "flop"} == {
        "yolov3",
        "tinyyolo",
        "c3d",
    }
    speed = one("models", NOTHING, quantity="speed", model="vgg16")
    assert speed["value"] == pytest.approx(15.47e9 / 0.088 / 1e9)
    assert speed["low"] < speed["value"] < speed["high"]


def test_every_part_of_the_profile_has_a_phase() -> None:
    parts = set(reference.load("stack")["part"])
    assert set(PARTS) <= parts
    left = parts - set(PARTS)  # what is left is computing
    assert left == {"conv2d", "batch_norm", "activation", "forward", "linear", "TF_SessionRunCallable"}


def test_no_device_of_the_paper_is_best_everywhere() -> None:
    front = table("pareto", NOTHING, front=True)
    assert set(front[front["model"] == "mobilenet-v2"]["device"]) == {"coral-dev-board"}
    assert set(front[front["model"] == "resnet-50"]["device"]) == {"gtx-titan-x", "jetson-nano"}


# Runs


def test_devices_take_the_fastest_framework_of_each_network(tmp_path: Path) -> None:
    evidence = ran(
        tmp_path,
        Truth(**EXACT),
        Truth(framework="pytorch", ms=7, **EXACT),
        Truth(framework="tflite", model="vgg16", ms=90, **EXACT),
    )
    ours = table("devices", evidence, whose="run").set_index("model")
    assert dict(ours["framework"]) == {"mobilenet-v2": "pytorch", "vgg16": "tflite"}
    assert ours.at["mobilenet-v2", "value"] == pytest.approx(7, rel=1e-6)
    assert ours.at["mobilenet-v2", "note"] == ""


def test_frameworks_that_are_not_told_apart_are_named(tmp_path: Path) -> None:
    evidence = ran(
        tmp_path, Truth(launch_sd=0.1), Truth(framework="pytorch", launch_sd=0.1), Truth(framework="tvm", ms=90)
    )
    ours = one("devices", evidence, whose="run")
    assert ours["note"] in ("not told apart: pytorch fp32", "not told apart: onnxruntime fp32")


def test_frameworks_have_the_typical_launch_with_its_interval(tmp_path: Path) -> None:
    evidence = ran(tmp_path, Truth(ms=10), Truth(framework="pytorch", ms=20), blocks=20)
    ours = table("frameworks", evidence, whose="run").set_index("framework")
    medians = evidence.launches.query("framework == 'pytorch' and arm == 'container'")["median_ns"] / 1e6
    assert ours.at["pytorch", "value"] == pytest.approx(float(np.exp(np.log(medians).mean())))
    assert (ours["low"] < ours["value"]).all()
    assert (ours["value"] < ours["high"]).all()
    assert set(ours["arm"]) == {"container"}
    assert list(ours["launches"]) == [20, 20]


def test_the_gain_of_an_edge_framework_is_paired_by_block(tmp_path: Path) -> None:
    truths = [
        *(Truth(framework="pytorch", model=model, ms=ms, **EXACT) for model, ms in (("vgg16", 40), ("cifarnet", 9))),
        *(Truth(framework="keras", model=model, ms=ms, **EXACT) for model, ms in (("vgg16", 30), ("cifarnet", 12))),
        *(Truth(framework="tflite", model=model, ms=ms, **EXACT) for model, ms in (("vgg16", 10), ("cifarnet", 3))),
    ]
    ours = table("edge-specific", ran(tmp_path, *truths), whose="run").set_index(["model", "baseline"])["value"]
    assert ours.to_dict() == pytest.approx(
        {
            ("vgg16", "pytorch"): 4,
            ("vgg16", "keras"): 3,
            ("cifarnet", "pytorch"): 3,
            ("cifarnet", "keras"): 4,
            ("geometric mean", "pytorch"): np.sqrt(12),
            ("geometric mean", "keras"): np.sqrt(12),
            ("geometric mean", "the fastest"): 3,
        },
        rel=1e-6,
    )


def test_what_hits_a_whole_block_is_in_no_gain(tmp_path: Path) -> None:
    slow, fast = Truth(framework="pytorch"), Truth(framework="tflite")
    write_run(tmp_path, facts([slow, fast], blocks=3))
    with Journal(tmp_path) as journal:
        for block, load in enumerate((1, 7, 3), 1):  # a neighbour who comes and goes
            journal.append(line(slow, "container", block, [20_000_000 * load] * 3))
            journal.append(line(fast, "container", block, [10_000_000 * load] * 3))
    row = one("edge-specific", gather([read(tmp_path)]), whose="run", model="mobilenet-v2")
    assert (row["low"], row["value"], row["high"]) == pytest.approx((2, 2, 2))


def test_the_speedup_over_the_tx2_holds_both_errors(tmp_path: Path) -> None:
    evidence = ran(
        tmp_path,
        Truth(framework="pytorch", model="resnet-18", ms=13.5, **EXACT),
        Truth(framework="tflite", model="resnet-18"),
    )
    row = one("edge-hpc", evidence, whose="run", model="resnet-18")
    assert row["value"] == pytest.approx(2.0)
    assert (row["low"], row["high"]) == pytest.approx(((27 - 1.8) / 13.5, (27 + 1.8) / 13.5))
    assert one("edge-hpc", evidence, whose="run", model="geometric mean")["value"] == pytest.approx(2.0)


def test_phases_are_those_of_the_launches(tmp_path: Path) -> None:
    evidence = ran(tmp_path, Truth(ms=12, phases_ms=(60, 150, 120, 25), **EXACT))
    times = table("stack", evidence, whose="run", quantity="time").set_index("phase")["value"]
    assert times.to_dict() == pytest.approx({"start": 60, "import": 150, "load": 120, "first": 25, TOTAL: 355})
    shares = table("stack", evidence, whose="run", quantity="share").set_index("phase")["value"]
    whole = 355 + 29 * 12
    assert shares.to_dict() == pytest.approx(
        {
            name: 100 * ms / whole
            for name, ms in (("start", 60), ("import", 150), ("load", 120), ("first", 25), ("inference", 348))
        },
        rel=1e-6,
    )


def test_a_launch_that_does_not_tell_a_phase_has_no_total(tmp_path: Path) -> None:
    evidence = ran(tmp_path, Truth(phases_ms=(60, 150, 0, 25), **EXACT))
    ours = table("stack", evidence, whose="run")
    assert set(ours["phase"]) == {"start", "import", "first"}
    assert set(ours["quantity"]) == {"time"}  # shares of an unknown whole are none


def test_work_and_speed_are_those_of_the_network(tmp_path: Path) -> None:
    evidence = ran(
        tmp_path, Truth(ms=10, params=2_000_000, macs=300_000_000, **EXACT), Truth(model="mine", params=None)
    )
    assert one("models", evidence, whose="run", quantity="macs_per_param")["value"] == 150
    assert one("models", evidence, whose="run", quantity="speed", model="mobilenet-v2")["value"] == pytest.approx(
        30, rel=1e-6
    )


def test_what_containers_cost_is_what_the_report_says(tmp_path: Path) -> None:
    truths = [
        Truth(factors={"container": 1.2, "rootfs": 1.0, "native": 1.0}, launch_sd=0.0, sample_sd=0.0),
        Truth(framework="tflite", versions={"native": {"numpy": "1"}}, launch_sd=0.0, sample_sd=0.0),
    ]
    evidence = ran(tmp_path, *truths)
    rows = table("virtualization", evidence, framework="onnxruntime", whose="run").set_index("ratio")
    assert rows["value"].to_dict() == pytest.approx({"virtualization": 20, "userland": 0, "total": 20}, abs=1e-4)
    assert rows["verdict"].to_dict() == {"virtualization": "different", "userland": "equivalent", "total": "different"}
    unlike = one("virtualization", evidence, framework="tflite", ratio="total", whose="run")
    assert (unlike["verdict"], unlike["value"] == unlike["value"]) == ("incomparable", False)
    assert "package numpy" in unlike["outcome"]
    mean = one("virtualization", evidence, model="geometric mean", ratio="virtualization")
    assert mean["value"] == pytest.approx(100 * (np.sqrt(1.2 * 1.01) - 1), abs=1e-3)


def test_fewer_bits_are_compared_with_fp32_of_the_same(tmp_path: Path) -> None:
    truths = [
        Truth(ms=10, size_bytes=40_000_000, **EXACT),
        Truth(ms=5, size_bytes=10_000_000, precision="int8", max_rel=0.03, **EXACT),
        Truth(framework="coral", ms=1, precision="int8"),
    ]
    ours = table("precision", ran(tmp_path, *truths), whose="run")
    assert set(ours["framework"]) == {"onnxruntime"}  # the other has no fp32 to compare with
    assert ours.set_index("quantity")["value"].to_dict() == pytest.approx(
        {"speedup": 2, "shrink": 4, "deviation": 0.03}
    )


def test_a_choice_is_beaten_only_for_sure(tmp_path: Path) -> None:
    truths = [
        Truth(ms=10, max_rel=1e-6),
        Truth(framework="pytorch", ms=20, max_rel=5e-6),  # slower, and as near as rounding goes
        Truth(framework="tflite", ms=10.01, launch_sd=0.05),  # nobody can say
        Truth(framework="tvm", precision="int8", ms=4, max_rel=0.05),  # faster, and farther off
        Truth(framework="ncnn", precision="int8", ms=8, max_rel=0.06),
    ]
    ours = table("pareto", ran(tmp_path, *truths, blocks=8), whose="run").set_index("framework")["front"]
    assert ours.to_dict() == {"onnxruntime": True, "pytorch": False, "tflite": True, "tvm": True, "ncnn": False}
    assert ROUNDING > 5e-6


def test_less_energy_keeps_a_slow_choice_in_front(tmp_path: Path) -> None:
    watts = [
        (Truth(ms=10, **EXACT), 2.0, 50.0),
        (Truth(framework="tflite", ms=20, **EXACT), 2.0, 10.0),
        (Truth(framework="pytorch", ms=30, **EXACT), 2.0, 60.0),
    ]
    ours = table("pareto", sensed(tmp_path, watts), whose="run").set_index("framework")
    assert ours["front"].to_dict() == {"onnxruntime": True, "tflite": True, "pytorch": False}
    assert ours["energy_mj"].to_dict() == pytest.approx({"onnxruntime": 500, "tflite": 100, "pytorch": 600})


def test_sensors_are_drawn_beside_the_papers(tmp_path: Path) -> None:
    evidence = sensed(tmp_path, [(Truth(ms=12, **EXACT), 1.7, 4.2)], Truth(framework="pytorch", ms=9))
    energy = one("energy", evidence, whose="run", quantity="energy")
    assert (energy["value"], energy["scope"], energy["launches"]) == (pytest.approx(42), "board", 2)
    assert energy["interval"] == study_data.AT_LEAST  # this meter's vendor states no limits
    assert shown(pd.DataFrame([energy])) == ["42.0 ± ≥ 0.0 mJ"]
    above = one("energy", evidence, whose="run", quantity="energy_idle_subtracted")
    assert above["value"] == pytest.approx(25)
    power = one("power", evidence, whose="run", quantity="active_power")
    assert (power["value"], power["time_ms"], power["scope"]) == (pytest.approx(4.2), pytest.approx(12), "board")
    assert one("power", evidence, whose="run", quantity="idle_power")["value"] == pytest.approx(1.7)
    assert one("temperature", evidence, whose="run")["value"] == 51.0
    for name in ("energy", "power", "temperature"):
        assert "No run" not in answer_study(STUDIES[name], evidence).caption
        assert "No run" in answer_study(STUDIES[name], NOTHING).caption


# Several runs


def test_two_runs_stand_beside_each_other_and_are_never_pooled(tmp_path: Path) -> None:
    pi = Truth(device="raspberry-pi-4", ms=100, **EXACT)
    runs = [
        write(tmp_path / "a", [Truth(**EXACT)], 3, 3),
        write(tmp_path / "b", [pi], 4, 3, run_id="20261124T000000-00ffee"),
    ]
    evidence = gather(runs)
    for name in STUDIES:
        ours = table(name, evidence, whose="run")
        assert set(ours["run"]) <= {"a1b2c3", "00ffee"}
    rows = table("frameworks", evidence, whose="run").set_index("run")
    assert rows["launches"].to_dict() == {"a1b2c3": 3, "00ffee": 4}
    assert rows["value"].to_dict() == pytest.approx({"a1b2c3": 12, "00ffee": 100}, rel=1e-6)
    assert "run 00ffee" in set(study_data.labelled(rows.reset_index(), "device").str.split(" · ").str[1])


# The table


def test_numbers_can_be_read() -> None:
    values = (12.34567, 1234.5, 0.00012345, 1.2e-6, 3.2e9, 0.0, -4.5)
    assert [number(value) for value in values] == ["12.35", "1,234", "0.0001234", "1.2e−06", "3.2e+09", "0", "−4.5"]
    assert short("a" * 200, 10) == "aaaaaaaaa…"
    assert short("a\x1b[31m") == "a�[31m"
    assert list(in_order(pd.Series(["b", "a", "b"]))) == [0, 1, 0]


def test_a_row_in_words_has_its_unit_and_bounds() -> None:
    frame = pd.DataFrame(
        {
            "value": [12.1, 2.0, np.nan],
            "low": [11.9, np.nan, np.nan],
            "high": [12.3, np.nan, np.nan],
            "interval": ["95 % over launches", "", ""],
            "unit": ["ms", "1", "ms"],
            "outcome": ["ok", "ok", "out of memory"],
        }
    )
    assert shown(frame) == ["12.1 ms [11.9, 12.3]", "2", "out of memory"]


def test_a_figure_keeps_the_papers_rows_and_says_what_it_leaves_out(tmp_path: Path) -> None:
    truths = [Truth(model=f"model-{number}", **EXACT) for number in range(400)]
    answer = answer_study(STUDIES["frameworks"], ran(tmp_path, *truths, blocks=1))
    papers = (answer.table["whose"] == "paper").sum()
    assert f"Drawn are {figures.MOST_ROWS} of {400 + papers} rows" in answer.caption
    data = compile_chart(answer.figure)["data"]
    values = [row for entry in data for row in entry.get("values", []) if "label" in row]
    assert sum("paper" in row["label"] for row in values) == papers


def test_one_wide_interval_does_not_squeeze_the_others(tmp_path: Path) -> None:
    evidence = ran(tmp_path, Truth(), Truth(framework="pytorch", launch_sd=2.0))
    figure = answer_study(STUDIES["virtualization"], evidence).figure.to_dict()
    [low, high] = next(layer for layer in found(figure, "scale") if "domain" in layer and layer.get("nice") is False)[
        "domain"
    ]
    values = table("virtualization", evidence)["value"].dropna()
    widest = table("virtualization", evidence)["high"].max()
    assert low <= values.min() <= values.max() <= high < widest


def found(part: Any, name: str) -> list[Any]:
    """Everything of that name, however deep."""
    if isinstance(part, dict):
        return [value for key, value in part.items() if key == name] + [
            x for v in part.values() for x in found(v, name)
        ]
    return [x for inner in part for x in found(inner, name)] if isinstance(part, list) else []


def test_the_documentation_names_every_study_and_its_source() -> None:
    text = (PROJECT / "docs" / "studies.md").read_text()
    for name, study in STUDIES.items():
        [row] = [row for row in text.splitlines() if row.startswith(f"| `{name}` |")]
        for source in re.findall(r"\d+", study.paper):
            assert source in row, (name, source)
