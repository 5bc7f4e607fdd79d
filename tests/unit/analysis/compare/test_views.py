"""`bench compare` as a user and a CI service meet it: table, Markdown, JUnit, exit codes."""

import io
import json
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
import typer
from rich.console import Console
from typer.testing import CliRunner, Result

from analysis.compare.compare import build
from analysis.compare.junit import write_junit
from analysis.compare.markdown import code, markdown
from analysis.compare.table import show
from bench.cli.compare import compare, parse_threshold
from bench.core.errors import CellsFailed, ConfigError, HostError, Regression
from bench.journal.journal import read
from tests.support.synthetic import ARMS, Truth, write

HOSTILE = "</failure><script>alert(1)</script>`|@user [red]\x1b[31m\n# x"
TRUTHS = [
    Truth(launch_sd=0.005, drift_sd=0.002),
    Truth(framework="openvino", launch_sd=0.12),
    Truth(framework="tflite", failing={"container": "out-of-memory"}, launch_sd=0.005, drift_sd=0.002),
]


def slower(truths: list[Truth], factor: float) -> list[Truth]:
    return [replace(truth, ms=truth.ms * factor) for truth in truths]


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("results")
    write(folder / "a", TRUTHS, blocks=10, samples=9)
    write(folder / "b", TRUTHS, blocks=10, samples=9, seed=2)
    write(folder / "slow", slower(TRUTHS, 1.1), blocks=10, samples=9, seed=3)
    write(folder / "one", TRUTHS[:1], blocks=1, samples=9, seed=4)
    return folder


def bench(*words: object) -> Result:
    app = typer.Typer()
    app.command("compare")(compare)
    return CliRunner().invoke(app, [str(word) for word in words])


def report(folder: Path, a: str = "a", b: str = "slow") -> dict[str, Any]:
    return build(read(folder / a), read(folder / b))


def test_runs_of_the_same_end_well(results: Path) -> None:
    done = bench("a", "b", "--results", results)
    assert done.exit_code == 0, done.output
    assert "equivalent within ±5 %" in done.stdout
    assert "REGRESSION" not in done.stdout


def test_an_injected_slowdown_of_10_percent_ends_with_code_5(results: Path) -> None:
    done = bench("a", "slow", "--results", results, "--threshold", "5%")
    assert isinstance(done.exception, Regression)
    assert done.exception.exit_code == 5
    assert "slower by more than 5 %" in str(done.exception)
    assert "REGRESSION" in done.stdout
    assert bench("slow", "a", "--results", results).exit_code == 0  # faster is no regression
    assert bench("a", "slow", "--results", results, "--threshold", "25%").exit_code == 0


def test_what_cannot_be_compared_ends_with_code_4(results: Path) -> None:
    done = bench("a", "one", "--results", results)
    assert isinstance(done.exception, CellsFailed)
    assert done.exception.exit_code == 4
    assert "too-few" in str(done.exception)


def test_json_alone_on_standard_output(results: Path) -> None:
    done = bench("a", "slow", "--results", results, "--json")
    assert json.loads(done.stdout)["cells"][0]["arms"]["container"]["regression"]


@pytest.mark.parametrize("words", [("--json", "--markdown"), ("--threshold", "5"), ("--across", "host")])
def test_what_is_asked_for_wrongly_is_refused(results: Path, words: tuple[str, str]) -> None:
    assert isinstance(bench("a", "b", "--results", results, *words).exception, ConfigError)


@pytest.mark.parametrize(("text", "value"), [("0", 0.0), ("0%", 0.0), ("5%", 0.05), ("0.1", 0.1)])
def test_a_threshold_is_a_part_of_the_whole_or_nothing(text: str, value: float) -> None:
    assert parse_threshold(text) == pytest.approx(value)


def test_the_table_fits_80_columns_and_is_plain_in_a_pipe(results: Path) -> None:
    out = io.StringIO()
    show(report(results), Console(file=out, width=80))
    text = out.getvalue()
    assert max(map(len, text.splitlines())) <= 80
    assert "\x1b" not in text
    assert "…" not in text


def test_markdown_has_the_worst_first(results: Path) -> None:
    text = markdown(report(results))
    assert text.startswith("### ❌ ")
    rows = [row for row in text.splitlines() if row.startswith("| `")]
    assert len(rows) == 9
    assert "REGRESSION" in rows[0]
    changes = [float(re.search(r"\| ([+−][\d.]+) %", row)[1].replace("−", "-")) for row in rows if "REGRESSION" in row]  # type: ignore[index]
    assert changes == sorted(changes, reverse=True)
    assert markdown(report(results, b="b")).startswith("### No regression beyond 5 %")


def test_junit_fails_the_regressions_only(results: Path, tmp_path: Path) -> None:
    done = bench("a", "slow", "--results", results, "--junit", tmp_path / "junit.xml")
    assert done.exit_code != 0
    [suite] = ElementTree.parse(tmp_path / "junit.xml").getroot()
    cases = suite.findall("testcase")
    assert suite.get("tests") == str(len(cases)) == "9"
    assert suite.get("failures") == str(len(suite.findall("testcase/failure")))
    assert {case.get("classname") for case in cases if case.find("failure") is not None} >= {TRUTHS[0].cell}
    one = bench("a", "one", "--results", results, "--junit", tmp_path / "one.xml")
    assert one.exit_code != 0
    [suite] = ElementTree.parse(tmp_path / "one.xml").getroot()
    assert (suite.get("errors"), suite.get("skipped")) == ("3", "6")


def test_a_file_that_cannot_be_written(results: Path) -> None:
    done = bench("a", "b", "--results", results, "--junit", results / "nowhere" / "junit.xml")
    assert isinstance(done.exception, HostError)


def test_names_are_markup_nowhere(tmp_path: Path) -> None:
    versions = {arm: {HOSTILE: HOSTILE} for arm in ARMS}
    write(tmp_path / "a", [Truth(model=HOSTILE)], blocks=4, samples=5)
    write(tmp_path / "b", [Truth(model=HOSTILE, versions=versions)], blocks=4, samples=5, seed=2)
    answer = report(tmp_path, "a", "b")
    out = io.StringIO()
    show(answer, Console(file=out, width=80))
    assert "\x1b" not in out.getvalue()
    assert "[red]" in out.getvalue()
    write_junit(answer, tmp_path / "junit.xml")
    assert [case.tag for case in ElementTree.parse(tmp_path / "junit.xml").iter()].count("testcase") == 3
    text = markdown(answer)
    outside = re.sub(r"`[^`\n]*`", "", text)
    assert not {"<", "@", "\x1b"} & set(outside)
    assert all(row.count("|") == 8 for row in text.splitlines() if row.startswith("|"))


def test_codes_are_the_program_s_and_help_is_quick(results: Path) -> None:
    command = [sys.executable, "-m", "bench.cli.app", "compare", results / "a", results / "slow"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 5
    assert "Traceback" not in done.stderr
    code = "import sys, bench.cli.app; sys.exit(bool({'pandas', 'scipy', 'pyarrow'} & sys.modules.keys()))"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


@pytest.mark.parametrize("text", ["", "`", "a`b", "|", "\n", "<b>", "\x1b"])
def test_a_code_span_ends_where_it_should(text: str) -> None:
    assert re.fullmatch(r"`[^`|\n\x1b]+`", code(text))
