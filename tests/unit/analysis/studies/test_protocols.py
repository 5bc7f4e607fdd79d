"""What each protocol concludes of journals with a known truth, and what it cannot say."""

import io
from pathlib import Path

import pytest
from rich.console import Console

from analysis.studies.protocols import build, early_stopping, mean_of_all
from analysis.terminal.protocols_table import show
from bench.journal.journal import Journal, Run, read, write_run
from tests.support.synthetic import Truth, facts, line, write

TRUTH = Truth(ms=10.0)
ARMS = {"container": 1.1, "native": 1.0}


def run(folder: Path, profile: str, blocks: int = 1, valid: bool = True) -> Run:
    """One launch of each arm whose inferences all take the same, but for the first."""
    made = facts([TRUTH], blocks, tuple(ARMS))
    write_run(folder, made | {"plan": made["plan"] | {"profile": profile}, "run_id": f"20261123T101500-{profile}"})
    with Journal(folder) as journal:
        for block in range(1, blocks + 1):
            for arm, factor in ARMS.items():
                ns = int(10_000_000 * factor * block)
                loadgen = {"early_stopping_p90_ns": ns + 1_000_000, "valid": valid}
                more = {"loadgen": loadgen} if profile == "mlperf" else {}
                first = {"loaded": line(TRUTH, arm, block, [1])["loaded"] | {"first_ns": 5 * ns}}
                journal.append(line(TRUTH, arm, block, [ns] * 3, warmup=[ns], **first, **more))
    return read(folder)


def told(report: dict) -> str:
    stream = io.StringIO()
    show(report, Console(file=stream, width=100))
    return stream.getvalue()


def test_the_study_s_mean_has_every_inference_in_it_and_no_interval(tmp_path):
    [cell] = build([run(tmp_path, "edgebench", blocks=2)])["cells"]
    [said] = cell["protocols"]
    assert said["protocol"] == "edgebench"
    assert said["values_ms"]["native"] == pytest.approx(10 * (5 + 1 + 3) / 5)
    assert said["launches"] == 2, "the first launch of each arm, whatever else there is"
    assert said["minutes"] == pytest.approx(2 * 2 / 60)
    total = said["ratios"]["total"]
    assert total == {"ratio": pytest.approx(1.1), "within": False, "ci95": None, "verdict": None}
    assert set(said["ratios"]) == {"total"}


def test_mlperf_s_figure_is_loadgen_s_estimate(tmp_path):
    [cell] = build([run(tmp_path, "mlperf", valid=False)])["cells"]
    [said] = cell["protocols"]
    assert said["values_ms"] == {"container": pytest.approx(12.0), "native": pytest.approx(11.0)}
    assert said["valid"] is False
    assert "not valid by LoadGen's rules" in told({"cells": [cell]})


def test_runs_of_one_cell_stand_side_by_side(tmp_path):
    ours = write(tmp_path / "ours", [TRUTH], blocks=12)
    report = build([run(tmp_path / "old", "edgebench"), ours])
    [cell] = report["cells"]
    assert [said["protocol"] for said in cell["protocols"]] == ["edgebench", "ours"]
    total = cell["protocols"][1]["ratios"]["total"]
    assert total["ci95"][0] < total["ratio"] < total["ci95"][1]
    assert total["verdict"] in ("equivalent", "different", "inconclusive")
    text = told(report)
    assert "“different”" in text
    assert "it cannot say how sure that is" in text
    assert "+10.0 %, no interval" in text


def test_a_launch_without_these_figures_has_none():
    assert mean_of_all({"loaded": None}) is None
    assert early_stopping({"loadgen": {"early_stopping_p90_ns": 0}}) is None
    assert early_stopping({}) is None
