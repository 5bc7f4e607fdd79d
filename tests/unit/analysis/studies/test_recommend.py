"""Recommendations: the right choice under constraints, with its evidence, and nothing claimed that is not known."""

import io
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from analysis.report.evidence import Evidence, gather
from analysis.studies.recommend import Wishes, recommend
from analysis.terminal.recommend_table import show
from bench.core.errors import ConfigError
from bench.journal.journal import Journal, read, write_run
from tests.support.synthetic import ARMS, Truth, facts, line, write
from tests.support.synthetic_energy import add_energy

EXACT: dict[str, Any] = {"launch_sd": 0.0, "sample_sd": 0.0, "drift_sd": 0.0, "factors": dict.fromkeys(ARMS, 1.0)}
QUICK = Truth(ms=10, memory_bytes=300_000_000, size_bytes=50_000_000, **EXACT)
SPARING = Truth(framework="tflite", ms=25, memory_bytes=60_000_000, size_bytes=20_000_000, **EXACT)
SMALL = Truth(framework="ncnn", precision="int8", ms=30, memory_bytes=90_000_000, size_bytes=4_000_000, **EXACT)


def ran(folder: Path, *truths: Truth, blocks: int = 4) -> Evidence:
    return gather([write(folder, list(truths), blocks=blocks, samples=9)])


def answer(evidence: Evidence, **wishes: Any) -> dict[str, Any]:
    return recommend(evidence, Wishes(model="mobilenet-v2", **wishes))


def chosen(found: dict[str, Any]) -> list[str | None]:
    return [found[kind] and found[kind]["choice"]["framework"] for kind in ("fastest", "frugal", "smallest")]


def said(found: dict[str, Any]) -> str:
    out = io.StringIO()
    show(found, Console(file=out, width=80))
    return " ".join(out.getvalue().split())


def test_three_questions_have_three_answers(tmp_path: Path) -> None:
    found = answer(ran(tmp_path, QUICK, SPARING, SMALL))
    assert chosen(found) == ["onnxruntime", "tflite", "ncnn"]
    assert [choice["framework"] for choice in found["choices"]] == ["onnxruntime", "tflite", "ncnn"]
    fastest = found["fastest"]["choice"]
    assert (fastest["ms"], fastest["launches"], fastest["arm"]) == (pytest.approx(10, rel=1e-6), 4, "container")
    assert fastest["run_id"] == "20261123T101500-a1b2c3"
    assert found["frugal"]["by"] == "memory"
    assert "no energy was measured" in found["frugal"]["note"]
    assert found["left_out"] == []


@pytest.mark.parametrize(
    ("wishes", "expected", "reason"),
    [
        ({"max_latency_ms": 20.0}, ["onnxruntime"] * 3, "is above 20 ms"),
        ({"max_memory_bytes": 100e6}, ["tflite", "tflite", "ncnn"], "300 MB of memory is above 100 MB"),
        ({"precision": "int8"}, ["ncnn"] * 3, None),
        ({"max_latency_ms": 1.0}, [None] * 3, "is above 1 ms"),
    ],
)
def test_constraints_hold(tmp_path: Path, wishes: Any, expected: Any, reason: str | None) -> None:
    found = answer(ran(tmp_path, QUICK, SPARING, SMALL), **wishes)
    assert chosen(found) == expected
    assert not reason or any(reason in entry["reason"] for entry in found["left_out"])


def test_where_energy_was_measured_it_decides(tmp_path: Path) -> None:
    slow = Truth(framework="pytorch", ms=40, memory_bytes=900_000_000, **EXACT)
    run = write(tmp_path, [QUICK, slow, SPARING], blocks=4, samples=9)
    found = answer(gather([add_energy(run, [(QUICK, 2.0, 30.0), (slow, 2.0, 20.0)])]))
    assert (found["frugal"]["by"], found["frugal"]["choice"]["framework"]) == ("energy", "pytorch")
    assert found["frugal"]["note"] == "1 of 3 choices have no energy of the board and are not judged"
    choice = found["frugal"]["choice"]
    assert (choice["energy_j"], choice["scope"], choice["meter_stated"]) == (pytest.approx(0.2), "board", False)
    assert (choice["launches"], choice["energy_launches"]) == (4, 2)
    assert "200 ± ≥ 0 mJ an inference, of the board, over 2 energy launches" in said(found)


def test_energies_of_two_scopes_are_not_compared(tmp_path: Path) -> None:
    one, other, third = QUICK, SPARING, Truth(framework="pytorch", ms=40, **EXACT)
    board = add_energy(write(tmp_path / "a", [one, third], 3, 3), [(one, 2.0, 30.0), (third, 2.0, 31.0)])
    rail = write(tmp_path / "b", [other], 3, 3, run_id="20261124T000000-00ffee")
    rail = add_energy(rail, [(other, 0.5, 4.0)], scope="rail VDD_IN")
    found = answer(gather([board, rail]))["frugal"]
    assert (found["choice"]["framework"], found["choice"]["scope"]) == ("onnxruntime", "board")
    assert found["note"] == "1 of 3 choices have no energy of the board and are not judged"


def test_what_intervals_do_not_tell_apart_is_named(tmp_path: Path) -> None:
    found = answer(ran(tmp_path, Truth(ms=10), Truth(framework="tvm", ms=10.02), Truth(framework="pytorch", ms=50)))
    [near] = found["fastest"]["not_told_apart"]
    assert {near["framework"], found["fastest"]["choice"]["framework"]} == {"onnxruntime", "tvm"}
    assert "not told apart from it" in said(found)


def test_who_meets_a_constraint_for_sure_comes_before_who_may(tmp_path: Path) -> None:
    times = {"onnxruntime": (10, 10, 10), "pytorch": (8, 9, 10)}  # ms: surely 10, and 9 give or take 2
    truths = [Truth(framework=name) for name in times]
    write_run(tmp_path, facts(truths, blocks=3))
    with Journal(tmp_path) as journal:
        for truth in truths:
            for block, ms in enumerate(times[truth.framework], 1):
                journal.append(line(truth, "container", block, [ms * 10**6] * 3))
    evidence = gather([read(tmp_path)])
    found = answer(evidence, max_latency_ms=10.5)
    assert found["fastest"]["choice"]["framework"] == "onnxruntime"
    [near] = found["fastest"]["not_told_apart"]
    assert near["framework"] == "pytorch"
    assert [doubt for doubt in near["doubts"] if "may be above 10.5 ms" in doubt]
    assert answer(evidence)["fastest"]["choice"]["framework"] == "pytorch"
    only = answer(evidence, max_latency_ms=9.5)
    assert only["fastest"]["choice"]["framework"] == "pytorch"
    assert "may be above 9.5 ms" in said(only)


def test_what_failed_is_left_out_by_name(tmp_path: Path) -> None:
    failing = Truth(framework="pytorch", failing=dict.fromkeys(ARMS, "out-of-memory"))
    found = answer(ran(tmp_path, QUICK, failing, blocks=1))
    assert found["left_out"][0]["reason"] == "it failed: out-of-memory"
    assert chosen(found) == ["onnxruntime"] * 3


def test_without_images_the_model_alone_is_the_size(tmp_path: Path) -> None:
    run = write(tmp_path, [QUICK, SMALL], blocks=2, samples=5)
    run.facts["images"] = {}
    found = answer(gather([run]))
    assert found["smallest"]["choice"]["framework"] == "ncnn"
    assert "no image was used" in found["smallest"]["note"]


@pytest.mark.parametrize("wishes", [{"device": "hots"}, {"precision": "fp16"}])
def test_a_name_that_no_run_has_is_refused_with_the_nearest(tmp_path: Path, wishes: Any) -> None:
    evidence = ran(tmp_path, QUICK)
    with pytest.raises(ConfigError, match="host" if "device" in wishes else "fp32"):
        answer(evidence, **wishes)
    with pytest.raises(ConfigError, match="did you mean 'mobilenet-v2'"):
        recommend(evidence, Wishes(model="mobilenet"))


def test_the_terminal_fits_80_columns(tmp_path: Path) -> None:
    out = io.StringIO()
    show(answer(ran(tmp_path, QUICK, SPARING, SMALL), max_latency_ms=28.0), Console(file=out, width=80))
    assert max(map(len, out.getvalue().splitlines())) <= 80
    assert "\x1b" not in out.getvalue()
