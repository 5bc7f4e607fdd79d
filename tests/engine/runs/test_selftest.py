"""`bench measure selftest` on a real engine: what it checks, that each sabotage fails it, and that it can be resumed.

How often it fails by chance is tested on simulated data (tests/unit/selftest); a machine that others use is disturbed,
and may fail for that: only this, and what cannot be chance, is judged here.
"""

import json
import signal
from pathlib import Path

import pytest

from bench.run.experiments.selftest_arms import SABOTAGED, SABOTAGES
from tests.engine.conftest import journal, wait_for, written

pytestmark = [pytest.mark.engine, pytest.mark.alone]

SHORT = ("measure", "selftest", "--profile", "demo", "--quiet", "--json")
BY_CHANCE = {"unequal", "missed", "disturbed"}


def checks(report: dict, kind: str) -> list[dict]:
    return [check for check in report["checks"] if check["kind"] == kind]


def test_it_passes_unless_the_machine_is_disturbed_and_notices_every_sabotage(bench, made, tmp_path):
    done = bench(*SHORT, "--arms", "container,native", "--blocks", "2")
    report = json.loads(done.stdout)
    failing = {check["outcome"] for check in report["checks"] if check["failed"]}
    assert failing <= BY_CHANCE, done.stderr
    assert done.returncode == (4 if failing else 0), done.stderr
    assert {check["name"]: check["outcome"] for check in checks(report, "noticed")} == dict.fromkeys(
        SABOTAGES, "noticed"
    )
    reasons = {check["name"]: check["reason"] for check in checks(report, "noticed")}
    assert "cpu_quota: none (container), " in reasons["cpu-quota"]
    assert reasons["other-library"].startswith("refused: library ")
    assert "throttled" in reasons["throttled"]
    assert "foreign-load" in reasons["foreign-load"]
    assert all(
        check["blocks"] == 2 and check["ratio"] > 0 for check in checks(report, "same") + checks(report, "known")
    )
    lines = [line for line in journal(tmp_path / "results") if "launch" in line]
    assert sum(line["arm"].endswith(SABOTAGES) for line in lines) == SABOTAGED * len(SABOTAGES)
    told = {line["arm"]: line["hello"]["slowdown"] for line in lines}
    assert {arm: share for arm, share in told.items() if share} == {
        f"native-slow-{dose}": dose / 100 for dose in (1, 2, 5, 10)
    }


@pytest.mark.parametrize(
    ("sabotage", "arms", "outcome"),
    [
        ("cpu-quota", "container", "refused"),
        ("other-library", "container", "refused"),
        ("throttled", "native", "disturbed"),
        ("foreign-load", "native", "disturbed"),
    ],
)
def test_it_fails_under_each_sabotage(sabotage, arms, outcome, bench, made, tmp_path):
    done = bench(*SHORT, "--arms", arms, "--blocks", "2", "--no-replace", "--sabotage", sabotage)
    assert done.returncode == 4, done.stderr
    report = json.loads(done.stdout)
    assert report["verdict"] == "failed"
    [found] = [check for check in report["checks"] if check["outcome"] == outcome]
    assert (sabotage in found["reason"]) or outcome == "refused"
    facts = json.loads(next((tmp_path / "results").glob("*/run.json")).read_text())
    assert facts["forced"] == [f"sabotage: {sabotage} is on"]
    assert "the self-test failed" in done.stderr


def test_one_that_was_cut_short_goes_on(bench, background, made, tmp_path):
    process = background(*SHORT, "--arms", "native", "--blocks", "2")
    wait_for(lambda: written(tmp_path / "results") >= 3)
    process.send_signal(signal.SIGINT)
    assert process.wait(60) == 130
    before = [line["launch"] for line in journal(tmp_path / "results")]
    folder = next(Path(tmp_path / "results").glob("*"))
    cut = bench("measure", "selftest", "--run", str(folder), "--json")
    assert cut.returncode == 4
    assert json.loads(cut.stdout)["verdict"] in ("unfinished", "failed")
    done = bench("matrix", "resume", str(folder), "--quiet")
    assert done.returncode == 0, done.stderr
    assert f"next: bench measure selftest --run {folder}" in done.stdout
    lines = [line for line in journal(tmp_path / "results") if "launch" in line]
    assert [line["launch"] for line in lines[: len(before)]] == before
    counted = {line["launch"] for line in lines if not line["replaced"]}
    assert len(counted) == 2 * 6 + SABOTAGED * 2
    again = json.loads(bench("measure", "selftest", "--run", "latest", "--json").stdout)
    assert again["verdict"] != "unfinished"
