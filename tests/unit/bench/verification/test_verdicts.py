"""Verdicts: what a try says, what keeps it valid, and what may not be timed without force."""

import json
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bench.arms.launch import Outcome, Spec
from bench.artifacts.recipe import Recipes
from bench.artifacts.store import Store
from bench.core.errors import ConfigError, HostError
from bench.core.matrix.artifact_kind import Kind
from bench.core.matrix.plan import Cell, Selection, make_plan
from bench.core.matrix.schema import load_matrix
from bench.core.paths import PROJECT
from bench.run.prepare import disagreeing, forced_of
from bench.verification import verdicts as module
from bench.verification.catalogue import detail
from bench.verification.compatibility import Row, earlier_rows, markdown, merge_earlier, name_of, page, rows
from bench.verification.verdicts import DEFAULT_LIMITS, Checks, Limits, Verdict, check
from tests.support.model_sources import write_made, write_sources

CELL = Cell("host", "tflite", "small", "int8")
GOOD = {"max_abs": 0.1, "max_rel": 0.01, "cosine": 0.999, "top1": True, "agree": 16, "inputs": 16}
FINE = {"other_input": 1.0, "zero_input": 1.0}
SMALL = Limits(memory=2**30)


@pytest.fixture
def checks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Checks:
    """A store in which `small` is made as onnx and tflite, and a matrix that has it."""
    monkeypatch.setenv("EDGEBENCH_CACHE", str(tmp_path))
    store = Store(tmp_path / "models", Recipes(write_sources(tmp_path / "sources")))
    for formats, precision, defines in ((["onnx"], "fp32", True), (["tflite"], "int8", False)):
        with store.staging() as folder:
            made = write_made(folder, "small", formats, defines=defines, precision=precision)
            store.record("small", folder, {**made, "sensitivity": FINE})
    matrix = load_matrix()
    network = matrix.models["cifarnet"]
    return Checks(store, matrix.model_copy(update={"models": {"small": network, "large": network}}))


class Arm:
    """Answers every launch with the same events; notes the requests."""

    name = "container"

    def __init__(self, *events: dict, exit_code: int = 0, reason: str | None = None) -> None:
        self.events, self.exit_code, self.reason = events, exit_code, reason
        self.requests: list[dict] = []

    def prepare(self, framework: str) -> None: ...

    def launch(self, spec: Spec) -> Outcome:
        self.requests.append(json.loads(spec.request.read_text()))
        said = "\n".join(json.dumps(event) for event in self.events)
        return Outcome(start_ns=0, wall_ns=1, stdout=said.encode(), stderr="", exit_code=self.exit_code,
                       reason=self.reason, message=self.reason)  # fmt: skip


def events(parity: dict | None = GOOD, sensitivity: dict | None = FINE) -> list[dict]:
    hello = {"event": "hello", "versions": {"tflite-runtime": "2.14.0", "numpy": "1.26.4"}}
    return [hello, {"event": "output", "parity": parity, "sensitivity": sensitivity}, {"event": "done"}]


def tried(checks: Checks, arm: Arm, limits: Limits = DEFAULT_LIMITS) -> Verdict:
    found: Iterator[tuple[Cell, Verdict]] = check(
        [CELL, replace(CELL, model="large")], checks, arm, cpus="0", threads=1, limits=limits
    )
    ((cell, verdict),) = found  # `large` is not made
    assert cell == CELL
    return verdict


def test_a_try_asks_for_all_seeds_and_no_times_and_is_kept(checks: Checks) -> None:
    arm = Arm(*events())
    verdict = tried(checks, arm)
    (request,) = arm.requests
    assert request["measure"] == ["output", "sensitivity"]
    assert request["reference"]["seeds"] == [0, 1]
    assert request["reference"]["bounds"] == {}  # the figures are wanted whatever they are
    assert (verdict.status, verdict.message, verdict.framework) == ("agrees", None, "tflite-runtime 2.14.0")
    assert checks.find(CELL) == verdict
    assert checks.refusal(CELL) is None


@pytest.mark.parametrize(
    ("arm", "status", "said"),
    [
        (Arm(*events(GOOD | {"cosine": 0.2})), "differs", "cosine"),
        (Arm(*events(sensitivity={"other_input": 0.0, "zero_input": 0.0})), "differs", "other input"),
        (Arm({"event": "error", "class": "output", "message": "NaN"}, exit_code=1), "differs", "NaN"),
        (Arm({"event": "error", "class": "load", "message": "no operator Foo"}, exit_code=1), "fails", "Foo"),
        (Arm(reason="out-of-memory", exit_code=137), "fails", "out-of-memory"),
    ],
)
def test_what_is_not_well_is_told_apart(checks: Checks, arm: Arm, status: str, said: str) -> None:
    verdict = tried(checks, arm)
    assert verdict.status == status
    assert said in (verdict.message or "")
    assert (checks.refusal(CELL) is not None) == (status == "differs")


def test_a_verdict_ends_with_what_it_was_of(checks: Checks, monkeypatch: pytest.MonkeyPatch) -> None:
    tried(checks, Arm(*events()))
    monkeypatch.setattr(module, "recipe_hash", lambda name: "another image")
    assert checks.find(CELL) is None
    monkeypatch.undo()


def test_what_was_tried_under_limits_stands_beside_the_plain_verdict(checks: Checks) -> None:
    plain = tried(checks, Arm(*events()))
    small = tried(checks, Arm(reason="out-of-memory", exit_code=137), SMALL)
    quick = tried(checks, Arm(reason="timeout", exit_code=137), Limits(timeout=5))
    assert (small.memory, small.timeout, quick.memory, quick.timeout) == (2**30, DEFAULT_LIMITS.timeout, None, 5)
    assert checks.find(CELL) == plain
    assert checks.find(CELL, SMALL) == small
    assert checks.find(CELL, Limits(timeout=5)) == quick
    assert checks.find(CELL, Limits(memory=2**20)) is None
    assert checks.every(CELL) == [plain, small, quick]
    shown = detail("small", checks.matrix, checks.store, None)["checks"]
    assert [(each["status"], each["memory"]) for each in shown] == [
        ("agrees", None), ("fails", 2**30), ("fails", None),
    ]  # fmt: skip


def test_a_try_under_limits_is_no_plain_one(checks: Checks) -> None:
    tried(checks, Arm(reason="out-of-memory", exit_code=137), SMALL)
    assert checks.find(CELL) is None
    assert checks.refusal(CELL) is None
    tried(checks, Arm(*events(GOOD | {"cosine": 0.2})), SMALL)
    assert "cosine" in (checks.refusal(CELL) or ""), "it computes something else, whatever it may take"
    tried(checks, Arm(*events()))
    assert checks.refusal(CELL) is None


def test_a_verdict_of_an_earlier_version_may_have_been_under_limits(checks: Checks) -> None:
    tried(checks, Arm(reason="out-of-memory", exit_code=137))
    (path,) = (checks.store.root / "checks" / "small").iterdir()
    told = json.loads(path.read_text())
    for each in (told, told["basis"]):
        del each["memory"], each["timeout"]
    path.write_text(json.dumps(told))
    assert checks.find(CELL) is None
    assert checks.every(CELL) == []


@pytest.mark.parametrize(
    ("limits", "said"),
    [
        (DEFAULT_LIMITS, ""),
        (SMALL, "at most 1024 MiB"),
        (Limits(timeout=30.0), "at most 30 s"),
        (Limits(memory=2**29, timeout=30.0), "at most 512 MiB and 30 s"),
    ],
)
def test_limits_are_said(limits: Limits, said: str) -> None:
    assert str(limits) == said


def test_a_verdict_outlives_the_artifact(checks: Checks) -> None:
    """So that a table is made network by network on a small disk."""
    verdict = tried(checks, Arm(*events()))
    checks.store.discard("small")
    assert checks.store.find("small", "tflite", "int8") is None
    assert list((checks.store.root / "blobs").iterdir()) == []
    assert checks.find(CELL) == verdict


def test_what_differs_is_timed_by_force_alone(checks: Checks, monkeypatch: pytest.MonkeyPatch) -> None:
    tried(checks, Arm(*events(GOOD | {"cosine": 0.2})))
    monkeypatch.setattr("bench.run.prepare.Checks", lambda store, matrix: checks)
    selection = Selection(device="host", frameworks=["tflite"], models=["small"], precisions=["int8"], seed=1)
    plan = make_plan(checks.matrix, selection)
    with pytest.raises(HostError, match="host/tflite/small/int8 does not compute its network") as error:
        disagreeing(plan, checks.matrix, force=False)
    assert "--force" in (error.value.hint or "")
    forced = disagreeing(plan, checks.matrix, force=True)
    assert list(forced) == ["host/tflite/small/int8"]
    assert forced_of({"forced": [f"{cell}: {reason}" for cell, reason in forced.items()]}) == forced


def test_the_table_tells_what_is_known(checks: Checks) -> None:
    tried(checks, Arm(*events()))
    checks.store.fail("large", Kind("tflite", "int8"), "ValueError: no operator <Foo> | `bar`")
    selection = Selection(device="host", frameworks=["tflite", "onnxruntime", "darknet"], precisions=["fp32", "int8"])
    found = rows(make_plan(checks.matrix, selection), checks)
    known = {(row["framework"], row["model"], row["precision"]): row["status"] for row in found}
    assert known["tflite", "small", "int8"] == "runs"
    assert known["tflite", "large", "int8"] == "cannot convert"
    assert known["onnxruntime", "small", "fp32"] == "not tried"
    assert known["onnxruntime", "small", "int8"] == "not made"
    assert known["darknet", "small", "int8"] == "not supported"
    shown = markdown(found)
    assert "| small | · | ✓ |" in shown.partition("## int8")[2]
    assert "1.0e-02, 0.9990, 16/16" in shown
    assert "**tflite/large/int8**, cannot convert: ValueError: no operator ‹Foo› / 'bar'" in shown
    assert "darknet has no int8: DarkNet computes in float32 alone" in shown


@pytest.mark.parametrize(
    ("arm", "status"),
    [
        (Arm(reason="out-of-memory", exit_code=137), "out of memory"),
        (Arm(reason="killed", exit_code=137), "out of memory"),
        (Arm({"event": "error", "class": "memory", "message": "MemoryError"}, exit_code=1), "out of memory"),
        (Arm(reason="timeout", exit_code=137), "does not run"),
        (Arm(reason="signal", exit_code=139), "does not run"),
    ],
)
def test_a_crash_is_not_told_as_want_of_memory(checks: Checks, arm: Arm, status: str) -> None:
    tried(checks, arm)
    assert of(checks, "tflite", "int8")["status"] == status


def of(checks: Checks, framework: str, precision: str, limits: Limits = DEFAULT_LIMITS, model: str = "small") -> Row:
    """A row of the table."""
    plan = make_plan(checks.matrix, Selection(device="host", frameworks=[framework], precisions=[precision]))
    return next(row for row in rows(plan, checks, limits) if row["model"] == model)


def test_the_table_is_of_plain_verdicts_unless_it_is_asked_for_others(checks: Checks, tmp_path: Path) -> None:
    tried(checks, Arm(*events()))
    tried(checks, Arm(reason="out-of-memory", exit_code=137), SMALL)
    plain, small = of(checks, "tflite", "int8"), of(checks, "tflite", "int8", SMALL)
    assert (plain["status"], plain.get("limits")) == ("runs", None)
    assert (small["status"], small["limits"]) == ("out of memory", {"memory": 2**30, "timeout": 600.0})
    assert "not tried yet. Tried with at most 1024 MiB.\n" in page([small])
    assert "Tried with" not in page([plain])
    path = tmp_path / "table.json"
    path.write_text(json.dumps([plain]), encoding="utf-8")
    assert earlier_rows(path, SMALL) == {}
    path.write_text(json.dumps([small]), encoding="utf-8")
    assert earlier_rows(path) == {}
    assert earlier_rows(path, SMALL) == {"tflite/small/int8": small}


def test_a_row_says_when_and_of_which_sources_it_was_tried(checks: Checks) -> None:
    day = tried(checks, Arm(*events())).tried[:10]
    checks.store.fail("large", Kind("tflite", "int8"), "ValueError: no operator")
    key = checks.store.artifact_key("small", Kind("tflite", "int8")) or ""
    row = of(checks, "tflite", "int8")
    assert (row["tried"], row["key"]) == (day, key[:12])
    failed = of(checks, "tflite", "int8", model="large")
    assert (failed["status"], failed["tried"], len(failed["key"])) == ("cannot convert", day, 12)
    (path,) = (checks.store.root / "failures" / "large").iterdir()
    told = json.loads(path.read_text())
    del told["tried"]  # as earlier versions kept it
    path.write_text(json.dumps(told))
    assert of(checks, "tflite", "int8", model="large")["tried"] is None
    untried = of(checks, "onnxruntime", "fp32")
    assert (untried["status"], untried["tried"], untried["key"]) == ("not tried", None, None)


def test_an_earlier_row_of_other_sources_is_kept_and_counted(checks: Checks, tmp_path: Path) -> None:
    tried(checks, Arm(*events()))
    known = of(checks, "tflite", "int8")
    shutil.rmtree(checks.store.root / "checks")
    path = tmp_path / "table.json"

    def shown(**changes: Any) -> Row:
        """The row as a table shows it that knows of it from a file alone."""
        path.write_text(json.dumps([{**known, **changes}]), encoding="utf-8")
        (row,) = merge_earlier([of(checks, "tflite", "int8")], earlier_rows(path), checks)
        assert row["status"] == "runs"
        return row

    assert "stale" not in known
    assert shown()["stale"] is False
    old = shown(key="0123456789ab", tried="2026-01-02")
    assert (old["stale"], old["tried"], old["key"]) == (True, "2026-01-02", "0123456789ab")
    assert "\n\n1 of these verdicts is of older sources.\n" in page([old])
    del known["key"], known["tried"]  # as earlier versions printed it
    unknown = shown()
    assert (unknown["stale"], unknown["tried"], unknown["key"]) == (None, None, None)
    assert "older sources" not in page([unknown])


def test_what_an_earlier_table_knows_is_shown_where_nothing_is_known_here(checks: Checks, tmp_path: Path) -> None:
    tried(checks, Arm(*events()))
    plan = make_plan(checks.matrix, Selection(device="host", frameworks=["tflite"], precisions=["fp32", "int8"]))
    found = rows(plan, checks)
    other = [{**row, "status": "does not run", "message": "elsewhere"} for row in found if row["model"] == "small"]
    path = tmp_path / "table.json"
    path.write_text(json.dumps([*other, *(row for row in found if row["status"] == "not made")]), encoding="utf-8")
    shown = {
        name_of(Cell("host", row["framework"], row["model"], row["precision"])): row
        for row in merge_earlier(found, earlier_rows(path), checks)
    }
    assert shown["tflite/small/int8"]["status"] == "runs", "what is known here"
    assert shown["tflite/small/fp32"]["message"] == "elsewhere"
    assert shown["tflite/large/fp32"]["status"] == "not made"


@pytest.mark.parametrize("text", ["", "{}", '{"a": 1}', "[1]", '[{"framework": "tflite"}]'])
def test_a_file_that_is_no_table_is_refused(text: str, tmp_path: Path) -> None:
    path = tmp_path / "table.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError, match="is no table of models"):
        earlier_rows(path)
    with pytest.raises(ConfigError, match="No such file"):
        earlier_rows(tmp_path / "none.json")


def test_the_page_in_docs_is_what_its_data_say() -> None:
    """docs/compatibility.md: bench models table --known --markdown, of what --json printed at the same time."""
    found = json.loads((PROJECT / "docs" / "compatibility.json").read_text(encoding="utf-8"))
    assert (PROJECT / "docs" / "compatibility.md").read_text(encoding="utf-8") == page(found)
    matrix = load_matrix()
    assert {row["model"] for row in found} == matrix.models.keys()
    cpu = {name for name, entry in matrix.frameworks.items() if entry.group == "cpu"}
    assert {(row["framework"], row["precision"]) for row in found} == {
        (name, precision) for name in cpu for precision in ("fp32", "fp16", "int8")
    }
