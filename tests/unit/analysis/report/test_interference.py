"""Several instances at once, from samples and windows whose truth is known."""

import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from rich.console import Console

from analysis.charts.interference_figure import answer
from analysis.charts.vega import save
from analysis.report.interference import build, observe
from analysis.terminal.interference_table import show
from analysis.text.interference_phrases import sentences
from bench.journal.journal import Journal, Run, read, write_run
from tests.support.synthetic import Truth, facts, line

MS = 10**6
SETUPS = {"alone": ["0-1"], "shared-2": ["0-1", "0-1"], "split-2": ["0", "1"], "part-2": ["0"]}


def instance(arm: str, block: int, samples: list[int], end_ns: int, **change: Any) -> dict[str, Any]:
    return line(Truth(), arm, block, samples, host_window={"timed": {"end_ns": end_ns}, "flags": []}, **change)


def test_only_the_time_that_all_instances_share_counts() -> None:
    first = instance("shared-2.1", 1, [10 * MS] * 100, 1000 * MS)  # from 0 to 1000 ms
    second = instance("shared-2.2", 1, [20 * MS] * 50, 1500 * MS)  # from 500 to 1500 ms
    seen = observe([first, second])
    assert seen is not None
    assert seen.throughput == pytest.approx((50 + 25) / 0.5)
    assert seen.latency == 15 * MS  # the median of both instances' medians, not of their samples


def test_samples_before_the_last_one_began_do_not_count() -> None:
    quick_until_disturbed = instance("shared-2.1", 1, [1 * MS] * 500 + [10 * MS] * 50, 1000 * MS)
    later = instance("shared-2.2", 1, [10 * MS] * 50, 1000 * MS)
    seen = observe([quick_until_disturbed, later])
    assert seen is not None
    assert seen == (pytest.approx(200), 10 * MS, 10 * MS)


def test_what_the_median_does_not_notice_is_in_the_p90() -> None:
    waiting = [MS] * 80 + [9 * MS] * 20
    seen = observe([instance(f"shared-2.{n}", 1, waiting, 1000 * MS) for n in (1, 2)])
    assert seen is not None
    assert (seen.latency, seen.p90) == (MS, 9 * MS)


@pytest.mark.parametrize(
    "second",
    [
        instance("shared-2.2", 1, [10 * MS] * 10, 2000 * MS),  # began when the first had ended
        instance("shared-2.2", 1, [10 * MS] * 100, 1850 * MS),  # 150 ms of 1000
        instance("shared-2.2", 1, [10 * MS] * 100, 1000 * MS) | {"host_window": None},  # an older runner
    ],
)
def test_without_enough_time_in_common_there_is_no_number(second: dict[str, Any]) -> None:
    assert observe([instance("shared-2.1", 1, [10 * MS] * 100, 1000 * MS), second]) is None


def write(folder: Path, blocks: int = 8, **failing: int) -> Run:
    """Alone 10 ms; two share and take 21 ms each; two split and take 16 ms, 15 of them for fewer CPUs."""
    run = facts([Truth()], blocks)
    arms = [f"{name}.{number + 1}" for name, cpus in SETUPS.items() for number in range(len(cpus))]
    run["plan"] |= {"study": "interference", "arms": arms, "setups": SETUPS, "absent": {"split-4": "only 2 CPUs"}}
    write_run(folder, run)
    random = np.random.default_rng(1)
    took = {"alone": 10, "shared-2": 21, "split-2": 16, "part-2": 15}
    with Journal(folder) as journal:
        for block in range(1, blocks + 1):
            drift = random.normal(1, 0.05)
            for arm in arms:
                ns = took[arm.rpartition(".")[0]] * MS * drift
                samples = [int(each) for each in ns * random.normal(1, 0.01, 300)]
                change = {"status": "failed", "reason": "killed", "samples": []} if failing.get(arm) == block else {}
                journal.append(instance(arm, block, samples, 10_000 * MS) | change)
    return read(folder)


def test_throughput_and_latency_have_intervals_over_blocks(tmp_path: Path) -> None:
    [cell] = json.loads(json.dumps(build(write(tmp_path))))["cells"]
    shared = cell["setups"]["shared-2"]
    assert (shared["instances"], shared["blocks"], shared["failed"]) == (2, 8, 0)
    assert shared["throughput"]["ci95"][0] < 2 * 1000 / 21 < shared["throughput"]["ci95"][1]
    assert shared["latency_ms"]["value"] == pytest.approx(21, rel=0.06)
    ratios = {name: ratio["ratio"] for name, ratio in cell["ratios"].items() if not name.startswith("p90")}
    assert ratios == {
        "throughput shared-2": pytest.approx(2 * 10 / 21, rel=0.02),
        "latency shared-2": pytest.approx(2.1, rel=0.02),
        "throughput split-2": pytest.approx(2 * 10 / 16, rel=0.02),
        "latency split-2": pytest.approx(1.6, rel=0.02),
        "latency split-2 on its CPUs": pytest.approx(16 / 15, rel=0.02),
    }
    assert cell["ratios"]["latency shared-2"]["of"] == ["shared-2", "alone"]


def test_a_group_with_a_failed_instance_does_not_count(tmp_path: Path) -> None:
    run = write(tmp_path, **{"shared-2.2": 3})
    shared = build(run)["cells"][0]["setups"]["shared-2"]
    assert (shared["blocks"], shared["failed"]) == (7, 1)


def test_it_is_said_in_words_and_drawn(tmp_path: Path) -> None:
    report = build(write(tmp_path))
    said = list(sentences(report))
    assert any("2 instances, all on the same CPUs: against one alone, −" in text for text in said)
    assert any("2 instances, each on CPUs of its own: against one alone, +" in text for text in said)
    assert "left out: split-4: only 2 CPUs" in said
    out = io.StringIO()
    show(report, Console(file=out, width=80))
    assert max(map(len, out.getvalue().splitlines())) <= 80
    found = answer(report)
    assert found is not None
    save(found.figure, tmp_path / "x.svg")
    assert (tmp_path / "x.svg").read_text().startswith("<svg")
    assert len(found.table) == 3 * (2 + 1 + 1) + 2  # alone belongs to both ways; one on a part of the CPUs has no sum


@pytest.mark.parametrize("blocks", [0, 1])
def test_too_few_blocks_have_no_interval(tmp_path: Path, blocks: int) -> None:
    report = build(write(tmp_path, blocks=blocks))
    setup = report["cells"][0]["setups"]["alone"]
    assert setup["throughput"]["ci95"] is None
    assert (setup["throughput"]["value"] is None) == (blocks == 0)
    assert report["cells"][0]["ratios"] == {}
    assert (answer(report) is None) == (blocks == 0)
