"""What a self-test says of journals with a known truth: equal, found, noticed, disturbed, cut short."""

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from rich.console import Console

from analysis.experiments.selftest import build
from analysis.experiments.selftest_table import show
from analysis.report.build import build as ordinary
from bench.journal.journal import Journal, Run, read, write_run
from bench.run.experiments.selftest_arms import Lineup
from tests.support.synthetic import Truth, facts, line

TRUTH = Truth(ms=5.0)
STOP = {"schema": 1, "event": "stop", "cell": TRUTH.cell, "block": 20, "reason": "minutes", "half_widths": {}}


def journal(
    folder: Path,
    arms: tuple[str, ...] = ("container", "native"),
    blocks: int = 20,
    factors: dict[str, float] | None = None,
    changes: dict[str, dict[str, Any]] | None = None,
    sabotage: str | None = None,
    whole: bool = True,
) -> Run:
    """A self-test: arm → factor on its time, arm → keys of its lines that differ."""
    random, lineup = np.random.default_rng(8), Lineup(arms, sabotage)
    run = facts([TRUTH], blocks)
    sabotages = {name: list(of) for name, of in lineup.sabotaged.items()}
    plan = {"study": "selftest", "arms": [*lineup.compared, *sabotages], "base": list(arms), "launches": None}
    plan |= {"slowed": lineup.slowed, "sabotages": sabotages, "sabotage": sabotage, "minutes": 5.0}
    write_run(folder, run | {"plan": run["plan"] | plan})
    with Journal(folder) as written:
        for block in range(1, blocks + 1):
            for arm in lineup.compared:
                dose = float(arm.rpartition("-slow-")[2]) / 100 if "-slow-" in arm else 0.0
                factor = (factors or {}).get(arm, 1 + dose)
                ns = 5e6 * factor * np.exp(random.normal(0, 0.002))
                written.append(launch(arm, block, int(ns), dose, (changes or {}).get(arm, {})))
        if whole:
            written.append(STOP)
            for block in (1, 2, 3):
                for name in sabotages:
                    written.append(launch(name, block, 5_000_000, 0.0, SPOILED[name] | (changes or {}).get(name, {})))
    return read(folder)


def launch(arm: str, block: int, ns: int, dose: float, change: dict[str, Any]) -> dict[str, Any]:
    found = line(TRUTH, arm, block, [ns] * 5)
    found["hello"] |= {"slowdown": dose, "kernel": {}} | change.get("hello", {})
    found["loaded"] = found["loaded"] | change.get("loaded", {})
    flags = change.get("flags", [])
    return found | {"replaced": False, "replacement": 0, "host_window": {"flags": flags}} | change.get("line", {})


QUOTA = {"hello": {"kernel": {"cpu_quota": "100000/100000"}}}
SPOILED = {
    "container-cpu-quota": QUOTA,
    "container-other-library": {"loaded": {"libraries": {"libframework.so": "deadbeee"}}},
    "native-throttled": {"flags": ["throttled"]},
    "native-foreign-load": {"flags": ["foreign-load"]},
}


def outcomes(report: dict[str, Any]) -> dict[str, str]:
    return {check["name"]: check["outcome"] for check in report["checks"]}


def failed(report: dict[str, Any]) -> list[str]:
    return [check["name"] for check in report["checks"] if check["failed"]]


def told(report: dict[str, Any]) -> str:
    stream = io.StringIO()
    show(report, Console(file=stream, width=200))
    return stream.getvalue()


def test_a_healthy_instrument_passes_and_says_what_it_found(tmp_path):
    report = build(journal(tmp_path))
    assert report["verdict"] == "passed"
    assert outcomes(report) == {
        "container against itself": "equal",
        "native against itself": "equal",
        **{f"native, {dose}% slower": "found" for dose in (1, 2, 5, 10)},
        **dict.fromkeys(("cpu-quota", "other-library", "throttled", "foreign-load"), "noticed"),
        "the machine is quiet": "quiet",
        "every launch has a number": "complete",
    }
    text = told(report)
    assert "PASSED" in text
    assert "once in 100 times" in text
    assert "known slowdowns from 1% were found, every sabotage was noticed" in text


def test_what_this_machine_resolves_grows_with_the_minutes(tmp_path):
    found = build(journal(tmp_path))["resolution"]
    assert found["sd"] == pytest.approx(0.002 * 2**0.5, rel=0.5)
    assert found["pair_s"] == pytest.approx(4.0)
    blocks = [row["blocks"] for row in found["rows"]]
    assert blocks == sorted(blocks)
    assert all(row["minutes"] == pytest.approx(row["blocks"] * 4 / 60) for row in found["rows"])


@pytest.mark.parametrize(
    ("factors", "name"),
    [
        ({"native-twin": 1.02}, "native against itself"),
        ({"native-slow-5": 1.0}, "native, 5% slower"),
        ({"native-slow-10": 1.2}, "native, 10% slower"),
    ],
)
def test_what_does_not_come_out_as_it_is_known_fails(tmp_path, factors, name):
    report = build(journal(tmp_path, factors=factors))
    assert report["verdict"] == "failed"
    assert failed(report) == [name]
    assert "FAILED" in told(report)


@pytest.mark.parametrize("name", SPOILED)
def test_a_sabotage_that_nobody_notices_fails(tmp_path, name):
    unseen = {"hello": {"kernel": {}}, "loaded": {}, "flags": []}
    arms = journal(tmp_path, changes={name: unseen})
    for each in arms.launches:
        if each["arm"] == name:
            each["loaded"] = {**each["loaded"], "libraries": {"libframework.so": "deadbeef"}}
    assert failed(build(arms)) == [name.partition("-")[2]]


def test_a_machine_that_is_under_a_sabotage_fails(tmp_path):
    arms = Lineup(("native",)).compared
    busy = build(journal(tmp_path / "load", ("native",), changes={arm: {"flags": ["foreign-load"]} for arm in arms}))
    assert failed(busy) == ["the machine is quiet"]
    assert "foreign-load in 120 of 120 launches" in told(busy)
    quota = build(journal(tmp_path / "quota", ("native",), changes=dict.fromkeys(arms, QUOTA)))
    assert failed(quota) == ["the machine is quiet"]
    assert "a CPU quota of 100000/100000 us" in told(quota)


def test_a_sabotage_of_one_arm_is_refused(tmp_path):
    report = build(journal(tmp_path, changes={"container-twin": QUOTA}, sabotage="cpu-quota"))
    assert outcomes(report)["container against itself"] == "refused"
    assert report["verdict"] == "failed"
    assert "cpu-quota is on" in told(report)


def test_a_self_test_that_was_cut_short_has_no_verdict(tmp_path):
    report = build(journal(tmp_path, whole=False))
    assert report["verdict"] == "unfinished"
    assert "bench matrix resume" in told(report)
    assert build(journal(tmp_path / "2", blocks=1, whole=False))["resolution"] is None


def test_a_launch_without_a_number_fails(tmp_path):
    dead = {"line": {"status": "failed", "reason": "killed", "samples": []}}
    report = build(journal(tmp_path, changes={"native-slow-2": dead}))
    assert "every launch has a number" in failed(report)


def test_noise_shows_nothing_and_fails_nothing(tmp_path):
    random = np.random.default_rng(2)
    run = journal(tmp_path)
    for each in run.launches:
        each["samples"] = [int(5e6 * np.exp(random.normal(0, 0.6)))] * 5
    report = build(run)
    assert report["verdict"] == "nothing-shown"
    assert "Nothing failed and nothing was shown" in told(report)


def test_a_report_of_such_a_run_names_the_slowed_arms_and_compares_ordinary_ones(tmp_path):
    [cell] = ordinary(journal(tmp_path))["cells"]
    assert "native-slow-5" in cell["arms"]
    assert cell["ratios"]["total"]["comparable"] is True
