"""The report: stable keys, figures that follow from the launches, and no ratio where none may be."""

import json
from pathlib import Path

import pytest

from analysis.data.number_format import percent
from analysis.report.build import build
from analysis.text.phrases import sentence, summary
from bench.journal.journal import Journal, dumps, read, write_run
from tests.support.synthetic import Truth, facts, line, write

TOP = {
    "schema",
    "run_id",
    "created",
    "command",
    "margin",
    "margins",
    "profile",
    "host",
    "versions",
    "forced",
    "warnings",
    "cells",
    "energy",
}
CELL = {"cell", "framework", "model", "precision", "status", "arms", "ratios", "image", "artifact", "failures"}
CELL |= {"variance", "stop", "attribution", "cold_start"}
ARM = {"launches", "failed", "samples", "median_ms", "p90_ms", "p99_ms", "load_ms", "first_ms", "kernel", "packages"}
ARM |= {"tail", "rss_peak_mb", "cgroup_peak_mb", "inside", "flagged", "replaced", "phases"}
RATIO = {"ratio", "ci95", "verdict", "comparable", "reason", "blocks", "more_blocks"}
RATIO |= {"half_width", "p_different", "q_different", "margins"}
EXACT = {"launch_sd": 0.0, "sample_sd": 0.0}


def test_the_keys_are_those_that_scripts_rely_on(tmp_path: Path) -> None:
    truths = [Truth(), Truth(framework="openvino", versions={"native": {"numpy": "1"}}, failing={"rootfs": "killed"})]
    report = json.loads(dumps(build(write(tmp_path, truths, blocks=3, samples=5))))
    assert set(report) == TOP
    for cell in report["cells"]:
        assert set(cell) == CELL
        assert list(cell["arms"]) == ["container", "rootfs", "native"]
        assert list(cell["ratios"]) == ["virtualization", "userland", "total"]
        assert all(set(arm) == ARM for arm in cell["arms"].values())
        assert all(set(ratio) == RATIO for ratio in cell["ratios"].values())
        assert set(cell["image"]) == {"ref", "digest"}
        assert set(cell["artifact"]) == {"sha256", "parity"}
        assert all(set(failure) == {"arm", "reason", "message", "count"} for failure in cell["failures"])


def test_figures_and_ratios_are_those_of_the_launches(tmp_path: Path) -> None:
    truth = Truth(ms=10, factors={"container": 1.2, "rootfs": 1.1, "native": 1.0}, **EXACT)
    [cell] = build(write(tmp_path, [truth], blocks=5, samples=7))["cells"]
    assert cell["status"] == "ok"
    assert cell["arms"]["container"]["samples"] == 35
    ratios = {name: ratio["ratio"] for name, ratio in cell["ratios"].items()}
    assert ratios == pytest.approx({"virtualization": 1.2 / 1.1, "userland": 1.1, "total": 1.2}, rel=1e-6)
    assert cell["arms"]["native"]["median_ms"] == pytest.approx(10, rel=0.05)
    assert {ratio["verdict"] for ratio in cell["ratios"].values()} == {"different"}


def test_arms_that_ran_other_code_have_no_ratio(tmp_path: Path) -> None:
    run = write(tmp_path, [Truth(versions={"native": {"numpy": "2.3.1"}})], blocks=3, samples=5)
    ratios = build(run)["cells"][0]["ratios"]
    assert ratios["virtualization"]["comparable"] is True
    for name in ("userland", "total"):
        assert (ratios[name]["comparable"], ratios[name]["ratio"], ratios[name]["verdict"]) == (False, None, None)
        assert "package numpy: 2.4.6" in ratios[name]["reason"]


def test_failed_launches_are_counted_and_their_blocks_left_out(tmp_path: Path) -> None:
    run = write(tmp_path, [Truth(failing={"container": "out-of-memory"})], blocks=6, samples=5)
    [cell] = build(run)["cells"]
    assert cell["status"] == "partial"
    assert cell["arms"]["container"]["failed"] == 3
    assert [cell["ratios"][name]["blocks"] for name in ("virtualization", "userland", "total")] == [3, 6, 3]
    assert cell["failures"] == [
        {"arm": "container", "reason": "out-of-memory", "message": "it ended with code 137", "count": 3}
    ]


@pytest.mark.parametrize("blocks", [0, 1])
def test_too_few_blocks_are_inconclusive(tmp_path: Path, blocks: int) -> None:
    [cell] = build(write(tmp_path, [Truth()], blocks=blocks, samples=5))["cells"]
    ratio = cell["ratios"]["total"]
    assert (ratio["ratio"], ratio["verdict"], ratio["blocks"]) == (None, "inconclusive", blocks)
    assert cell["status"] == ("ok" if blocks else "not-run")


def test_an_arm_that_was_not_asked_for_is_no_verdict(tmp_path: Path) -> None:
    report = build(write(tmp_path, [Truth()], blocks=3, samples=5, arms=("native",)))
    ratio = report["cells"][0]["ratios"]["virtualization"]
    assert (ratio["verdict"], ratio["comparable"]) == (None, None)
    assert "container and rootfs not part of this run" in ratio["reason"]


def test_a_wider_margin_changes_the_verdict_alone(tmp_path: Path) -> None:
    truth = Truth(factors={"container": 1.08, "rootfs": 1.0, "native": 1.0}, launch_sd=0.002)
    run = write(tmp_path, [truth], samples=9)
    narrow, wide = (build(run, margin)["cells"][0]["ratios"]["total"] for margin in (0.05, 0.1))
    assert (narrow["verdict"], wide["verdict"]) == ("different", "equivalent")
    assert narrow["ci95"] == wide["ci95"]


def judged(*verdicts: str, more: int | None = None) -> list[dict]:
    return [
        {"margin": margin, "verdict": verdict, "q_equivalent": 0.5, "more_blocks": more}
        for margin, verdict in zip((0.01, 0.05), verdicts, strict=True)
    ]


@pytest.mark.parametrize(
    ("verdicts", "said"),
    [
        (("equivalent", "equivalent"), "equivalent within ±1 %"),
        (("different", "equivalent"), "equivalent within ±5 %; different at ±1 %: slower"),
        (
            ("inconclusive", "equivalent"),
            "equivalent within ±5 %; inconclusive at ±1 %: it would take about 12 more blocks",
        ),
        (("different", "different"), "different: slower"),
        (
            ("inconclusive", "inconclusive"),
            "inconclusive: it would take about 12 more blocks",
        ),
    ],
)
def test_sentences_say_it_in_words(verdicts: tuple[str, str], said: str) -> None:
    ratio = {"ratio": 1.012, "ci95": [0.996, 1.029], "verdict": verdicts[1], "comparable": True}
    ratio["margins"] = judged(*verdicts, more=12)
    assert sentence("virtualization", ratio) == f"container vs rootfs: +1.2 % [−0.4, +2.9] → {said}"


def test_the_blocks_that_are_missing_are_told_for_each_margin() -> None:
    ratio = {"ratio": 1.001, "ci95": [0.97, 1.029], "verdict": "inconclusive", "comparable": True}
    ratio["margins"] = judged("inconclusive", "inconclusive", more=12)
    ratio["margins"][0]["more_blocks"] = None
    takes = "it would take about 12 more blocks at ±5 %, more blocks than are sensible at ±1 %"
    assert sentence("total", ratio).endswith(f"inconclusive: {takes}")


def test_what_cannot_be_compared_says_why() -> None:
    unlike = {"ratio": None, "ci95": None, "verdict": None, "comparable": False, "reason": "threads: 1, 2"}
    assert sentence("userland", unlike) == "rootfs vs native: incomparable: threads: 1, 2"
    assert [percent(x) for x in (0.99999, 1.0, 0.9)] == ["0.0", "0.0", "−10.0"]


def test_both_margins_are_judged_at_once_over_all_cells(tmp_path: Path) -> None:
    same = {"container": 1.0, "rootfs": 1.0, "native": 1.0}
    truths = [Truth(model=f"m{i}", factors=same, launch_sd=0.003) for i in range(3)]
    report = build(write(tmp_path, truths, blocks=20, samples=9))
    for cell in report["cells"]:
        for ratio in cell["ratios"].values():
            assert [each["margin"] for each in ratio["margins"]] == [0.01, 0.05]
            assert {each["verdict"] for each in ratio["margins"]} == {"equivalent"}
            assert ratio["q_different"] >= ratio["p_different"]
            assert ratio["ci95"][1] == pytest.approx(ratio["ratio"] * (1 + ratio["half_width"]))
    said = "\n".join(summary(report))
    assert "3 equivalent within ±5 % (3 cells); 3 equivalent within ±1 %" in said
    assert "these 9 verdicts are adjusted for one another" in said


def test_the_summary_names_what_is_missing(tmp_path: Path) -> None:
    write(tmp_path, [Truth(failing={"native": "killed"})], blocks=4, samples=5)
    with (tmp_path / "journal.jsonl").open("a") as stream:
        stream.write("torn")
    said = "\n".join(summary(build(read(tmp_path))))
    assert "2 launches of native failed, killed" in said
    assert "journal.jsonl line 13: torn" in said


def test_why_a_cell_has_no_more_blocks(tmp_path: Path) -> None:
    truths = [Truth(), Truth(framework="openvino"), Truth(framework="tflite")]
    write(tmp_path, truths, blocks=3, samples=5)
    assert {cell["stop"]["reason"] for cell in build(read(tmp_path))["cells"]} == {"fixed"}
    run = json.loads((tmp_path / "run.json").read_text())
    run["plan"] |= {"half_width": 0.01, "blocks": 30}
    (tmp_path / "run.json").write_text(json.dumps(run))
    with (tmp_path / "journal.jsonl").open("a") as stream:
        for truth, reason, width in ((truths[0], "reached", 0.009), (truths[1], "max-blocks", 0.02)):
            stop = {"schema": 1, "event": "stop", "cell": truth.cell, "block": 3, "reason": reason}
            stream.write(json.dumps(stop | {"half_widths": {"total": width}}) + "\n")
    report = build(read(tmp_path))
    assert [(cell["stop"]["reason"], cell["status"]) for cell in report["cells"]] == [
        ("reached", "ok"),
        ("max-blocks", "ok"),
        (None, "partial"),
    ]
    said = "\n".join(summary(report))
    assert "1 cell measured until its intervals were ±1 % or narrower (3 blocks)" in said
    assert f"{truths[1].cell}: ±1 % was asked for and not reached in the 3 blocks allowed: ±2 % (total)" in said
    assert report["warnings"] == []


def test_what_the_host_did_is_shown_and_a_replacement_counts(tmp_path: Path) -> None:
    truth = Truth()
    write_run(tmp_path, facts([truth], blocks=3))
    with Journal(tmp_path) as journal:
        for block in (1, 2, 3):
            for arm in ("container", "rootfs", "native"):
                if (arm, block) == ("rootfs", 2):
                    window = {"flags": ["steal", "foreign-load"]}
                    journal.append(line(truth, arm, block, [9_000_000] * 9, replaced=True, host_window=window))
                window = {"flags": ["foreign-load"] if (arm, block) == ("native", 1) else []}
                journal.append(line(truth, arm, block, [1_000_000 + block] * 9, attempt=2, host_window=window))
    report = build(read(tmp_path))
    arms = report["cells"][0]["arms"]
    assert report["warnings"] == []
    nothing = {"launches": 0, "by_flag": {}}
    assert {name: (arm["flagged"], arm["replaced"]) for name, arm in arms.items()} == {
        "container": (nothing, nothing),
        "rootfs": (nothing, {"launches": 1, "by_flag": {"steal": 1, "foreign-load": 1}}),
        "native": ({"launches": 1, "by_flag": {"foreign-load": 1}}, nothing),
    }
    assert arms["rootfs"]["launches"] == 3
    assert arms["rootfs"]["median_ms"] == pytest.approx(1.0, rel=0.01), "the one that stands for the disturbed one"
    said = "\n".join(summary(report))
    assert "1 launch was disturbed by the host and measured again (foreign-load 1, steal 1)" in said
    assert "1 of the 9 launches that count was disturbed too (foreign-load 1)" in said


def test_what_a_launch_found_is_told_beside_the_images_name(tmp_path: Path) -> None:
    """JetPack 4 brings its own TensorRT into the container, whatever the image's tag says."""
    [cell] = build(write(tmp_path, [Truth(versions={"container": {"tensorrt": "8.2.1.8"}})], blocks=2))["cells"]
    assert cell["arms"]["container"]["packages"]["tensorrt"] == "8.2.1.8"
    assert "tensorrt" not in cell["arms"]["native"]["packages"]
