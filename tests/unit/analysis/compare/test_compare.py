"""Comparing two runs: what may differ is told, what may not is refused, and what is missing is no verdict."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from analysis.compare.compare import build
from analysis.compare.same_conditions import ACROSS
from analysis.report.build import build as build_report
from bench.core.errors import ConfigError
from bench.journal.journal import Run, read
from tests.support.synthetic import ARMS, Truth, facts, line, write

TRUTH = Truth(launch_sd=0.005, drift_sd=0.002)
ALL = {arm: {"numpy": "2.9.0"} for arm in ARMS}


def run(folder: Path, *truths: Truth, seed: int = 1, blocks: int = 12, said: dict[str, Any] | None = None, **edit: Any):
    """A run; `said` is merged into the runner's hello of every launch, `edit` into run.json's sections."""
    write(folder, list(truths), blocks=blocks, samples=9, seed=seed)
    path = folder / "run.json"
    whole = json.loads(path.read_text())
    for part, change in edit.items():
        whole[part] = whole[part] | change
    path.write_text(json.dumps(whole))
    journal = folder / "journal.jsonl"
    lines = [json.loads(text) for text in journal.read_text().splitlines()]
    for record in lines:
        record["hello"] |= said or {}
    journal.write_text("".join(json.dumps(record) + "\n" for record in lines))
    return read(folder)


def arm(report: dict[str, Any], name: str = "container", cell: int = 0) -> dict[str, Any]:
    found: dict[str, Any] = report["cells"][cell]["arms"][name]
    return found


@pytest.fixture
def before(tmp_path: Path) -> Run:
    return run(tmp_path / "a", TRUTH)


def test_two_runs_of_the_same_are_equivalent(before: Run, tmp_path: Path) -> None:
    report = build(before, run(tmp_path / "b", TRUTH, seed=2))
    assert {x["verdict"] for x in report["cells"][0]["arms"].values()} == {"equivalent"}
    assert not any(x["regression"] for x in report["cells"][0]["arms"].values())
    json.dumps(report, allow_nan=False)


def test_an_injected_slowdown_of_one_arm_is_a_regression_of_that_arm(before: Run, tmp_path: Path) -> None:
    slow = replace(TRUTH, factors=TRUTH.factors | {"container": 1.01 * 1.1})
    report = build(before, run(tmp_path / "b", slow, seed=2))
    assert [name for name, x in report["cells"][0]["arms"].items() if x["regression"]] == ["container"]
    low, high = arm(report)["ci95"]
    assert low <= 1.1 <= high
    assert arm(report)["b_ms"] / arm(report)["a_ms"] == pytest.approx(1.1, abs=0.02)


def test_ratio_is_b_over_a(before: Run, tmp_path: Path) -> None:
    other = run(tmp_path / "b", replace(TRUTH, ms=24.0), seed=2)
    assert arm(build(before, other))["ratio"] == pytest.approx(2, abs=0.05)
    assert arm(build(other, before))["ratio"] == pytest.approx(0.5, abs=0.02)


def test_what_is_compared_may_change_and_is_told(before: Run, tmp_path: Path) -> None:
    images = {"onnxruntime": {"digest": "sha256:" + "cd" * 32}}
    report = build(before, run(tmp_path / "b", replace(TRUTH, versions=ALL), images=images, host={"kernel": "6.12"}))
    found = arm(report)
    assert found["status"] == "compared"
    assert found["changed"] == {
        "image": ["sha256:" + "ab" * 32, "sha256:" + "cd" * 32],
        "kernel": ["6.1.0-28-amd64", "6.12"],
        "package numpy": ["2.4.6", "2.9.0"],
    }
    assert "image" not in arm(report, "native")["changed"]  # it needs none


@pytest.mark.parametrize(
    ("edit", "key", "word"),
    [
        ({"host": {"cpu_model": "Cortex-A57"}}, "CPU model", "hosts"),
        ({"host": {"governor": "performance"}}, "governor", "hosts"),
        ({"plan": {"device": "jetson-nano"}}, "device", "hosts"),
        ({"said": {"machine": "aarch64"}}, "machine", "hosts"),
        ({"said": {"threads": 4}}, "threads", "resources"),
        ({"said": {"affinity": [0]}}, "CPU affinity", "resources"),
        ({"plan": {"memory": 2**29}}, "memory limit", "resources"),
        ({"said": {"runner_sha256": "34" * 32}}, "runner", "runners"),
    ],
)
def test_how_it_is_measured_may_differ_only_by_name(
    before: Run, tmp_path: Path, edit: dict[str, Any], key: str, word: str
) -> None:
    other = run(tmp_path / "b", TRUTH, seed=2, **edit)
    refused = arm(build(before, other))
    assert (refused["status"], refused["verdict"], refused["ratio"]) == ("refused", None, None)
    assert refused["reason"].startswith(f"{key}: ")
    assert f"--across {word}" in refused["reason"]
    others = [name for name in ACROSS if name != word]
    assert arm(build(before, other, across=others))["status"] == "refused"
    let = arm(build(before, other, across=[word]))
    assert (let["status"], let["verdict"]) == ("compared", "equivalent")
    assert key in let["changed"]


def test_another_file_is_another_model(before: Run, tmp_path: Path) -> None:
    other = run(tmp_path / "b", TRUTH, seed=2)
    for record in other.launches:
        record["loaded"]["artifact_sha256"] = "ee" * 32
    assert "artifact: " in arm(build(before, other))["reason"]
    assert arm(build(before, other, across=["artifacts"]))["status"] == "compared"


def test_boards_are_compared_model_by_model_under_their_own_names(before: Run, tmp_path: Path) -> None:
    """Cells of two boards have different ids; framework, model and precision tell which belong together."""
    other = run(tmp_path / "b", TRUTH, seed=2)
    text = (tmp_path / "b" / "journal.jsonl").read_text().replace("host/onnx", "jetson-nano/onnx")
    (tmp_path / "b" / "journal.jsonl").write_text(text)
    whole = json.loads((tmp_path / "b" / "run.json").read_text())
    whole["plan"] |= {
        "device": "jetson-nano",
        "cells": [{**whole["plan"]["cells"][0], "cell": TRUTH.cell.replace("host", "jetson-nano")}],
    }
    (tmp_path / "b" / "run.json").write_text(json.dumps(whole))
    other = read(tmp_path / "b")
    assert "device: host (A), jetson-nano (B)" in arm(build(before, other))["reason"]
    assert arm(build(before, other, across=["hosts"]))["verdict"] == "equivalent"


def test_what_changed_within_a_run_is_refused(before: Run, tmp_path: Path) -> None:
    other = run(tmp_path / "b", TRUTH, seed=2)
    other.launches[-3]["hello"]["versions"] |= {"numpy": "2.9.0"}
    other.launches[-2]["hello"]["versions"] |= {"numpy": "2.9.0"}
    other.launches[-1]["hello"]["versions"] |= {"numpy": "2.9.0"}
    found = arm(build(before, other, across=list(ACROSS)))
    assert (found["status"], found["reason"]) == ("refused", "package numpy changed during run B: 2.4.6, 2.9.0")


def test_a_launch_that_does_not_say_what_it_ran_is_refused(before: Run, tmp_path: Path) -> None:
    other = run(tmp_path / "b", TRUTH, seed=2)
    for record in other.launches:
        record["hello"] = None
    assert arm(build(before, other))["reason"] == "a launch of B does not say what it ran"


def test_an_arm_that_failed_throughout_has_no_verdict(before: Run, tmp_path: Path) -> None:
    other = run(tmp_path / "b", TRUTH, seed=2)
    for record in other.launches:
        if record["arm"] == "container":
            record |= {"status": "failed", "reason": "out-of-memory", "samples": []}
    report = build(before, other)
    assert (arm(report)["status"], arm(report)["b_ms"]) == ("failed", None)
    assert arm(report)["reason"] == "no launch of B has a number: out-of-memory"
    assert arm(report, "native")["status"] == "compared"


def test_a_run_that_was_cut_short_has_no_verdict_where_its_plan_promises_one(before: Run, tmp_path: Path) -> None:
    other = run(tmp_path / "b", TRUTH, Truth(framework="openvino"), seed=2)
    a = run(tmp_path / "c", TRUTH, Truth(framework="openvino"))
    other.launches[:] = [record for record in other.launches if "openvino" not in record["cell"]]
    found = arm(build(a, other), cell=1)
    assert (found["status"], found["reason"]) == ("failed", "it is planned in run B and was not launched")


def test_failed_launches_are_counted_beside_those_that_are_compared(before: Run, tmp_path: Path) -> None:
    failing = replace(TRUTH, failing={"container": "killed"})
    found = arm(build(before, run(tmp_path / "b", failing, seed=2)))
    assert (found["status"], found["b_launches"], found["b_failed"], found["a_failed"]) == ("compared", 6, 6, 0)


def test_one_launch_is_too_few(before: Run, tmp_path: Path) -> None:
    found = arm(build(before, run(tmp_path / "b", TRUTH, blocks=1)))
    assert (found["status"], found["verdict"]) == ("too-few", None)
    assert "12 in A and 1 in B" in found["reason"]


def test_what_only_one_run_has_is_absent(before: Run, tmp_path: Path) -> None:
    report = build(before, run(tmp_path / "b", TRUTH, Truth(framework="openvino"), seed=2))
    assert [cell["framework"] for cell in report["cells"]] == ["onnxruntime", "openvino"]
    assert arm(report, cell=1)["status"] == "absent"
    assert arm(report, cell=1)["reason"] == "the cell is not part of run A"
    assert arm(report, cell=1)["a_ms"] is None


def test_runs_without_a_cell_in_common_are_no_comparison(before: Run, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no cell"):
        build(before, run(tmp_path / "b", Truth(framework="openvino")))


def test_a_run_is_not_compared_with_itself(before: Run) -> None:
    with pytest.raises(ConfigError, match="both runs"):
        build(before, before)


def test_an_unknown_word_is_refused_with_the_nearest(before: Run, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="did you mean 'hosts'"):
        build(before, run(tmp_path / "b", TRUTH), across=["host"])


def test_verdicts_hang_together_over_cells(tmp_path: Path) -> None:
    """q values are adjusted over all cells and arms: the same cell has larger ones in larger company."""
    wide = [Truth(model=f"m{number}", launch_sd=0.1) for number in range(8)]
    a, b = run(tmp_path / "a", *wide), run(tmp_path / "b", *wide, seed=2)
    alone = build(run(tmp_path / "c", wide[0]), run(tmp_path / "d", wide[0], seed=2))
    assert all(x["q_different"] <= 1 for cell in build(a, b)["cells"] for x in cell["arms"].values())
    assert arm(alone)["q_different"] is not None


def test_a_journal_full_of_nonsense_is_no_traceback(before: Run, tmp_path: Path) -> None:
    whole = facts([TRUTH], 2) | {"plan": [], "host": "?", "images": None, "versions": 3}
    records = [line(TRUTH, "native", block, [10], hello={"versions": 1, "env": []}) for block in (1, 2)]
    odd = Run(tmp_path / "odd", whole, records, {record["launch"]: 1 for record in records})
    json.dumps(build(before, odd, across=list(ACROSS)), allow_nan=False)


def test_what_was_timed_by_force_is_left_out_by_name(before: Run, tmp_path: Path) -> None:
    cell = TRUTH.cell
    forced = run(tmp_path / "b", TRUTH, seed=2, artifacts={cell: {"agrees": False}})
    found = arm(build(before, forced))
    assert found["status"] == "refused"
    assert found["reason"] == f"{cell} was timed with --force: its outputs are not those of the reference (B)"
    assert found["b_ms"] is not None
    ratios = build_report(forced)["cells"][0]["ratios"]
    assert {ratio["comparable"] for ratio in ratios.values()} == {False}
    assert all(cell in ratio["reason"] for ratio in ratios.values())
