"""The report: stable keys, figures that follow from the launches, and no ratio where none may be."""

import json
from pathlib import Path

import pytest

from analysis.report import build
from analysis.words import percent, sentence, summary
from bench.journal import dumps, read
from tests.unit.analysis.synthetic import Truth, write

TOP = {
    "schema",
    "run_id",
    "created",
    "command",
    "margin",
    "profile",
    "host",
    "versions",
    "forced",
    "warnings",
    "cells",
    "energy",
}
CELL = {"cell", "framework", "model", "precision", "status", "arms", "ratios", "image", "artifact", "failures"}
ARM = {"launches", "failed", "samples", "median_ms", "p90_ms", "p99_ms", "load_ms", "first_ms", "kernel", "packages"}
RATIO = {"ratio", "ci95", "verdict", "comparable", "reason", "blocks", "more_blocks"}
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


def test_sentences_say_it_in_words() -> None:
    ratio = {"ratio": 1.012, "ci95": [0.996, 1.029], "verdict": "equivalent", "comparable": True, "more_blocks": None}
    said = sentence("virtualization", ratio, 0.05)
    assert said == "container vs rootfs: +1.2 % [−0.4, +2.9] → equivalent within ±5 %"
    noisy = ratio | {"verdict": "inconclusive", "more_blocks": 12}
    assert sentence("total", noisy, 0.05).endswith("inconclusive: about 12 more blocks would tell")
    unlike = ratio | {"ratio": None, "ci95": None, "verdict": None, "comparable": False, "reason": "threads: 1, 2"}
    assert sentence("userland", unlike, 0.05) == "rootfs vs native: incomparable: threads: 1, 2"
    assert [percent(x) for x in (0.99999, 1.0, 0.9)] == ["0.0", "0.0", "−10.0"]


def test_the_summary_names_what_is_missing(tmp_path: Path) -> None:
    write(tmp_path, [Truth(failing={"native": "killed"})], blocks=4, samples=5)
    with (tmp_path / "journal.jsonl").open("a") as stream:
        stream.write("torn")
    said = "\n".join(summary(build(read(tmp_path))))
    assert "2 launches of native failed, killed" in said
    assert "journal.jsonl line 13: torn" in said


def test_what_a_launch_found_is_told_beside_the_images_name(tmp_path: Path) -> None:
    """JetPack 4 brings its own TensorRT into the container, whatever the image's tag says."""
    [cell] = build(write(tmp_path, [Truth(versions={"container": {"tensorrt": "8.2.1.8"}})], blocks=2))["cells"]
    assert cell["arms"]["container"]["packages"]["tensorrt"] == "8.2.1.8"
    assert "tensorrt" not in cell["arms"]["native"]["packages"]
