"""The report of several runs: its JSON, Markdown and page, the pictures, and what it says in plain words."""

import json
from pathlib import Path

import pytest

from analysis.export.report_json import as_json
from analysis.export.report_markdown import markdown
from analysis.html import report as page
from analysis.html.report import LIMITS, render
from analysis.html.samples import samples, samples_per_launch
from analysis.report.build import build
from analysis.report.evidence import gather
from analysis.text.summary import sections
from bench.journal.journal import Run, dumps
from tests.support.synthetic import RUN_ID, Truth, write
from tests.support.synthetic_energy import add_energy

OTHER = "20261124T101500-77aa11"
TRUTHS = [Truth(), Truth(framework="pytorch", ms=20, factors={"container": 1.3, "rootfs": 1.0, "native": 1.0})]


@pytest.fixture
def two(tmp_path: Path) -> list[Run]:
    return [
        write(tmp_path / "a", TRUTHS, blocks=6, samples=9),
        write(tmp_path / "b", [Truth(device="raspberry-pi-4", ms=90)], blocks=6, samples=9, run_id=OTHER),
    ]


def said(runs: list[Run]) -> dict[str, str]:
    return {part.title: "\n".join(part.lines) for part in sections(gather(runs))}


def test_one_run_keeps_its_keys_and_gets_three_more(two: list[Run]) -> None:
    whole = json.loads(dumps(as_json(gather(two[:1]))))
    before = build(two[0])
    assert {key: value for key, value in whole.items() if key in before} == before
    assert set(whole) - set(before) == {"best", "left_out", "summary"}
    assert set(whole["best"][0]) == {
        *("run_id", "device", "model", "precision", "framework", "arm", "ms", "ci95_ms", "launches", "not_told_apart")
    }


def test_several_runs_stand_in_a_list(two: list[Run]) -> None:
    whole = json.loads(dumps(as_json(gather(two))))
    assert set(whole) == {"schema", "runs", "best", "left_out", "summary"}
    assert [run["run_id"] for run in whole["runs"]] == [RUN_ID, OTHER]
    assert [(best["device"], best["framework"]) for best in whole["best"]] == [
        ("host", "onnxruntime"),
        ("raspberry-pi-4", "onnxruntime"),
    ]


def test_plain_words_say_what_is_best_what_it_costs_and_what_to_distrust(two: list[Run]) -> None:
    words = said(two)
    assert list(words) == [
        *("Best framework for each network", "What containers cost", "How long the first answer takes"),
        "What to distrust",
    ]
    assert "mobilenet-v2 on host a1b2c3: onnxruntime, 12" in words["Best framework for each network"]
    [pytorch] = [
        text
        for text in words["What containers cost"].splitlines()
        if "pytorch/mobilenet-v2/fp32: container vs rootfs" in text
    ]
    assert pytorch.endswith("different: slower")
    assert "geometric mean over 2 cells" in words["What containers cost"]
    assert "virtual machine (kvm)" in words["What to distrust"]
    assert "what sets one run apart from another" in words["What to distrust"]


def test_plain_words_say_what_energy_is_of_and_who_takes_the_least(tmp_path: Path) -> None:
    truths = [Truth(), Truth(framework="tvm")]
    run = add_energy(write(tmp_path, truths, 2, 5), [(truths[0], 2.0, 6.0), (truths[1], 2.0, 9.0)])
    words = said([run])
    first, second = words["What energy an inference takes"].splitlines()
    assert first.startswith("energy is of the board (um25c/rfcomm0/power)")
    assert second == "mobilenet-v2: onnxruntime, 60.0 ± ≥ 0.0 mJ of the board in the container arm"
    assert "states no limits of error" in words["What to distrust"]


def test_distrust_has_its_reasons(tmp_path: Path) -> None:
    truths = [
        Truth(launch_sd=0.5, failing={"native": "killed"}),
        Truth(framework="tvm", versions={"native": {"numpy": "1"}}),
    ]
    run = write(tmp_path, truths, blocks=3, samples=5)
    run.facts["host"]["governor"] = "powersave"
    distrust = said([run])["What to distrust"]
    for what in ("2 launches of native failed, killed", "package numpy", "governor was powersave"):
        assert what in distrust
    assert "6 of 6 times rest on fewer than 5 launches" in distrust
    assert "known to no better than ±20 %" in distrust


def test_markdown_has_a_row_for_each_cell_and_no_markup_of_others(two: list[Run]) -> None:
    text = markdown(gather(two))
    rows = [row for row in text.splitlines() if row.startswith("| `")]
    assert len(rows) == 3
    assert "⚠️ different" in rows[1]
    assert all(row.count("|") == 7 for row in rows)


def test_samples_are_thinned_to_the_extremes_and_between(two: list[Run]) -> None:
    evidence = gather(two[:1])
    cell = (RUN_ID, TRUTHS[0].cell)
    found = samples(evidence, {cell}, 3)[cell]
    assert list(found) == ["container", "rootfs", "native"]
    [record] = [r for r in two[0].launches if r["launch"] == f"{TRUTHS[0].cell}/native/1"]
    ordered = sorted(record["samples"])
    assert found["native"][0] == [1, pytest.approx([ordered[0] / 1e6, ordered[4] / 1e6, ordered[8] / 1e6], rel=1e-3)]
    counts = [samples_per_launch(*sizes) for sizes in ((10, 1000), (20_000, 100_000), (10**6, 100_000))]
    assert counts == [40, 5, 3]


def test_a_page_that_grew_too_large_is_made_again_with_less(two: list[Run], monkeypatch: pytest.MonkeyPatch) -> None:
    evidence = gather(two)
    whole = render(evidence)
    assert "more cells have no details" not in whole
    monkeypatch.setattr(page, "LIMITS", (LIMITS[0], LIMITS[0]._replace(rows=2, cells=1, samples=10)))
    monkeypatch.setattr(page, "MOST_BYTES", len(whole.encode()) - 1)
    less = render(evidence)
    assert len(less) < len(whole)
    assert "2 more cells have no details" in less
    assert "The first 2 of 9 rows." in less


def test_a_page_of_nothing_says_so() -> None:
    assert "Nothing was measured yet" in render(gather([]))
