"""A cell that was timed by force, whose outputs are not the reference's: its own rows stay, no comparison counts it."""

import io
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from analysis.charts.vega import compile_chart
from analysis.data.comparable import FORCED
from analysis.export.report_json import as_json
from analysis.export.report_markdown import markdown
from analysis.html.report import render
from analysis.report import exclusions
from analysis.report.evidence import Evidence, gather
from analysis.studies import STUDIES, protocols
from analysis.studies.overhead import overhead
from analysis.studies.recommend import Wishes, recommend
from analysis.studies.run_study import answer_study
from analysis.terminal import protocols_table
from analysis.terminal.recommend_table import show as show_recommendation
from analysis.terminal.report_table import show_all
from analysis.terminal.study_table import show as show_study
from analysis.text.summary import BEST, sections
from bench.journal.journal import dumps, write_run
from tests.support.synthetic import RUN_ID, Truth, write
from tests.support.synthetic_energy import add_energy

# Without --force each of these would be the first in its kind: the fastest, the most frugal, the smallest, the warmest.
TRUSTED = [
    Truth(model="resnet-18", ms=20),
    Truth(framework="pytorch", model="resnet-18", ms=30),
    Truth(framework="tflite", model="resnet-18", ms=15),
]
WRONG = [
    Truth(model="resnet-18", precision="int8", ms=2, agrees=False, memory_bytes=10**6, size_bytes=10**6, max_rel=0.9),
    Truth(framework="openvino", model="resnet-18", ms=1, agrees=False, memory_bytes=10**6, size_bytes=10**6),
    Truth(framework="keras", model="resnet-18", ms=3, agrees=False),
]
NAMES = [truth.cell for truth in WRONG]


@pytest.fixture(scope="module")
def evidence(tmp_path_factory: pytest.TempPathFactory) -> Evidence:
    truths = [*TRUSTED, *WRONG]
    run = write(tmp_path_factory.mktemp("run"), truths, blocks=4, samples=9)
    return gather([add_energy(run, [(truth, 2.0, 50.0 if truth.agrees else 5.0) for truth in truths])])


@pytest.fixture(scope="module")
def without(tmp_path_factory: pytest.TempPathFactory) -> Evidence:
    """Nothing but such cells."""
    return gather([write(tmp_path_factory.mktemp("without"), WRONG, blocks=3, samples=3)])


def said(show: Any, *what: Any) -> str:
    out = io.StringIO()
    show(*what, Console(file=out, width=80))
    assert max(map(len, out.getvalue().splitlines())) <= 80
    return " ".join(out.getvalue().split())


def test_no_recommendation_counts_it(evidence: Evidence) -> None:
    answer = json.loads(dumps(recommend(evidence, Wishes(model="resnet-18"))))
    choices = [answer[kind]["choice"]["framework"] for kind in ("fastest", "frugal", "smallest")]
    assert choices == ["tflite"] * 3
    near = [other["cell"] for kind in ("fastest", "frugal", "smallest") for other in answer[kind]["not_told_apart"]]
    assert not {*near, *(choice["cell"] for choice in answer["choices"])} & {*NAMES}
    assert answer["left_out"] == [{"cell": name, "run_id": RUN_ID, "reason": FORCED} for name in NAMES]
    text = said(show_recommendation, answer)
    assert all(f"left out: {name}: {FORCED}" in text for name in NAMES)


def test_it_is_named_before_what_does_not_meet_a_wish(evidence: Evidence) -> None:
    found = recommend(evidence, Wishes(model="resnet-18", max_latency_ms=18.0))["left_out"]
    assert [entry["reason"] == FORCED for entry in found] == [True] * 3 + [False] * 2


def test_a_model_that_has_nothing_else_has_no_choice_and_a_reason(without: Evidence) -> None:
    found = recommend(without, Wishes(model="resnet-18", precision="int8"))
    assert (found["choices"], found["fastest"]) == ([], None)
    assert f"left out: {WRONG[0].cell}" in render(without)
    assert [entry["cell"] for entry in found["left_out"]] == [WRONG[0].cell]


def test_it_is_no_best_framework_and_every_report_says_so(evidence: Evidence) -> None:
    whole = as_json(evidence)
    assert [(best["precision"], best["framework"]) for best in whole["best"]] == [("fp32", "tflite")]
    assert whole["best"][0]["not_told_apart"] == []
    assert whole["left_out"] == exclusions.entries(evidence)
    lines = [f"left out: {name}: {FORCED}" for name in NAMES]
    parts = {part.title: part.lines for part in sections(evidence)}
    assert parts[BEST][1:] == lines
    assert [line for line in parts["What energy an inference takes"] if "left out" in line] == lines
    assert not [line for line in parts["What to distrust"] if "did not run the same" in line]
    for line in lines:
        assert line in said(show_all, evidence)
        assert line in render(evidence)


def test_what_was_measured_of_it_stays(evidence: Evidence) -> None:
    text = markdown(evidence)
    [row] = [row for row in text.splitlines() if row.startswith(f"| `{WRONG[1].cell}`")]
    assert "| `container` | 1.0" in row
    assert row.count("incomparable") == 3
    assert text.splitlines()[-1].startswith(f"`Left out of every comparison: {', '.join(NAMES)} (each timed")
    assert evidence.cells["ms"].notna().all()


@pytest.mark.parametrize("name", STUDIES)
def test_no_study_counts_it_and_each_names_it(name: str, evidence: Evidence, without: Evidence) -> None:
    answer = answer_study(STUDIES[name], evidence)
    ours = answer.table[(answer.table["whose"] == "run") & answer.table["value"].notna()]
    wrong = {(truth.framework, truth.precision) for truth in WRONG}
    assert not wrong & {*zip(ours["framework"], ours["precision"], strict=True)}
    assert all(cell in answer.caption for cell in (*NAMES, FORCED))
    assert [entry["cell"] for entry in answer.left_out] == NAMES
    assert "Left out of every comparison" in said(show_study, STUDIES[name], answer)
    assert compile_chart(answer_study(STUDIES[name], without).figure)


@pytest.mark.parametrize(("wrong", "whose"), [("int8", ""), ("fp32", "fp32: ")])
def test_precision_says_which_side_it_is(wrong: str, whose: str, tmp_path: Path) -> None:
    truths = [Truth(precision=precision, agrees=precision != wrong) for precision in ("fp32", "int8")]
    table = answer_study(STUDIES["precision"], gather([write(tmp_path, truths, 3, 3)])).table
    found = table[table["whose"] == "run"].set_index("quantity")["outcome"].to_dict()
    assert (found["speedup"], found["shrink"]) == (f"{whose}{FORCED}",) * 2
    assert found["deviation"] == (FORCED if wrong == "int8" else "ok")


def test_precision_says_why_fp32_has_no_time(tmp_path: Path) -> None:
    failing = dict.fromkeys(("container", "rootfs", "native"), "killed")
    run = write(tmp_path, [Truth(failing=failing), Truth(precision="int8")], 1, 3)
    table = answer_study(STUDIES["precision"], gather([run])).table
    assert table[table["quantity"] == "speedup"]["outcome"].to_list() == ["fp32: killed"]


def test_the_gain_is_over_a_general_framework_that_counts(evidence: Evidence) -> None:
    table = answer_study(STUDIES["edge-specific"], evidence).table
    ours = table[(table["whose"] == "run") & (table["model"] == "resnet-18")]
    assert set(ours["baseline"]) == {"pytorch"}
    assert set(ours["framework"]) == {"onnxruntime", "tflite"}


def test_the_figures_of_an_overhead_study_leave_it_out_too(evidence: Evidence) -> None:
    answers = {study.name: answer for study, answer in overhead(evidence)}
    assert set(answers) == {"virtualization", "coldstart"}
    assert set(answers["coldstart"].table["framework"]) == {truth.framework for truth in TRUSTED}
    assert all(NAMES[0] in answer.caption for answer in answers.values())


@pytest.mark.parametrize("profile", ["edgebench", "demo"])
def test_no_protocol_concludes_anything_of_it(profile: str, tmp_path: Path) -> None:
    run = write(tmp_path, [TRUSTED[0], WRONG[1]], blocks=3, samples=3)
    write_run(tmp_path, run.facts | {"plan": run.facts["plan"] | {"profile": profile}})
    report = protocols.build([run])
    told = {cell["cell"]: cell["protocols"][0] for cell in report["cells"]}
    assert (told[TRUSTED[0].cell]["left_out"], bool(told[TRUSTED[0].cell]["ratios"])) == (None, True)
    assert (told[WRONG[1].cell]["left_out"], told[WRONG[1].cell]["ratios"]) == (FORCED, {})
    out = io.StringIO()
    protocols_table.show(report, Console(file=out, width=100))
    assert f"{RUN_ID}: left out: {FORCED}" in out.getvalue()
    assert "one arm alone" not in out.getvalue()


def test_many_of_them_are_counted_where_there_is_no_room(tmp_path: Path) -> None:
    truths = [Truth(model=f"model-{number}", agrees=False) for number in range(exclusions.MOST + 3)]
    evidence = gather([write(tmp_path, truths, 1, 3)])
    lines = [*exclusions.sentences(evidence, "ms")]
    assert (len(lines), lines[-1]) == (exclusions.MOST + 1, "and 3 more left out, all of them in --json")
    assert f"model-{exclusions.MOST - 1}/fp32 and 3 more (each timed" in exclusions.remark(evidence)
    assert len(exclusions.entries(evidence)) == len(truths)


def test_of_several_runs_only_the_one_that_was_forced_is_left_out(tmp_path: Path) -> None:
    forced = write(tmp_path / "a", [WRONG[1], TRUSTED[0]], 2, 3)
    other = write(tmp_path / "b", [replace(WRONG[1], agrees=True)], 2, 3, run_id="20261124T000000-00ffee")
    both = gather([forced, other])
    assert [(best["run_id"], best["framework"]) for best in as_json(both)["best"]] == [
        (RUN_ID, "onnxruntime"),
        (other.facts["run_id"], "openvino"),
    ]
    assert f"{WRONG[1].cell} a1b2c3 (timed" in exclusions.remark(both)


def test_where_all_agree_nothing_is_said(tmp_path: Path) -> None:
    evidence = gather([write(tmp_path, TRUSTED, 2, 3)])
    assert (exclusions.remark(evidence), exclusions.entries(evidence)) == ("", [])
    assert evidence.compared.equals(evidence.cells)
