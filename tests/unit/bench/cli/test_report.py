"""`bench report` as a user types it."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner, Result

from analysis.studies import STUDIES
from bench.cli import report as command
from bench.cli.common import milliseconds, size
from bench.cli.measure.commands import MEASUREMENTS
from bench.cli.measure.commands import app as measurements
from bench.cli.recommend import recommend
from bench.cli.report import parse_margin, report
from bench.cli.study.commands import app as studies
from bench.core.errors import CellsFailed, ConfigError, HostError
from tests.support.synthetic import Truth, write

RUN_ID = "20261123T101500-a1b2c3"


@pytest.fixture
def results(tmp_path: Path) -> Path:
    write(tmp_path / RUN_ID, [Truth()], blocks=4, samples=5)
    return tmp_path


def bench(*words: object, app: typer.Typer | None = None) -> Result:
    if app is None:
        app = typer.Typer()
        app.command("report")(report)
    return CliRunner().invoke(app, [str(word) for word in words])


@pytest.mark.parametrize("name", ["latest", RUN_ID, "path"])
def test_a_run_is_found_by_its_id_its_folder_or_as_the_latest(results: Path, name: str) -> None:
    done = bench(results / RUN_ID if name == "path" else name, "--results", results, "--json")
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout)["run_id"] == RUN_ID


def test_the_table_and_the_page_come_together(results: Path) -> None:
    done = bench("latest", "--results", results, "--html", results / "page.html", "--margin", "1%")
    assert done.exit_code == 0, done.output
    assert "virtualization" in done.stdout
    assert "±1 %" in (results / "page.html").read_text()


def test_a_run_that_is_not_there_and_a_page_that_cannot_be_written(results: Path) -> None:
    assert isinstance(bench("20271123", "--results", results).exception, ConfigError)
    nowhere = results / "nowhere" / "page.html"
    assert isinstance(bench("latest", "--results", results, "--html", nowhere).exception, HostError)


@pytest.mark.parametrize(("text", "value"), [("5%", 0.05), ("5 %", 0.05), ("0.05", 0.05), (".5%", 0.005)])
def test_a_margin_is_a_part_of_the_whole(text: str, value: float) -> None:
    assert parse_margin(text) == pytest.approx(value)


@pytest.mark.parametrize("text", ["", "5", "-5%", "0%", "100%", "nan", "five", "5%%"])
def test_what_is_no_margin_is_refused(text: str) -> None:
    with pytest.raises(ConfigError, match="--margin"):
        parse_margin(text)


def test_asking_for_help_loads_no_pandas() -> None:
    code = "import sys, bench.cli.app; sys.exit('pandas' in sys.modules or 'altair' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_pictures_and_markdown_come_with_the_page(results: Path) -> None:
    done = bench("latest", "--results", results, "--figures", results / "a" / "b", "--markdown", results / "run.md")
    assert done.exit_code == 0, done.output
    names = {path.stem for path in (results / "a" / "b").iterdir()}
    assert {path.suffix for path in (results / "a" / "b").iterdir()} == {".png", ".svg"}
    assert {"virtualization", "devices", "power"} <= names
    assert (results / "run.md").read_text().startswith("### Run measured")


def test_a_page_is_watched_until_its_run_is_whole(results: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bench.journal.follow.stand_back", lambda: None)  # the other tests need their priority back
    facts = results / RUN_ID / "run.json"
    plan = json.loads(facts.read_text())
    journal = results / RUN_ID / "journal.jsonl"
    lines = journal.read_text().splitlines(keepends=True)
    plan["plan"]["launches"] = [json.loads(line)["launch"] for line in lines]
    facts.write_text(json.dumps(plan))
    journal.write_text("".join(lines[:3]))
    pages = []

    def sleep(_seconds: float) -> None:
        pages.append((results / "page.html").read_text())
        journal.write_text("".join(lines))

    monkeypatch.setattr("bench.journal.follow.time.sleep", sleep)
    done = bench("latest", "--results", results, "--watch", "--html", results / "page.html", "--every", 7)
    assert done.exit_code == 0, done.output
    assert ['http-equiv="refresh" content="7"' in page for page in pages] == [True]
    assert 'http-equiv="refresh"' not in (results / "page.html").read_text()
    assert [path.name for path in results.iterdir() if path.name.startswith(".")] == []


@pytest.mark.parametrize("words", [[], ["--html", "x.html", "--json"], ["--html", "x.html", "--markdown", "x.md"]])
def test_watching_writes_a_page_and_nothing_else(results: Path, words: list[str]) -> None:
    done = bench("latest", "--results", results, "--watch", *words)
    assert isinstance(done.exception, ConfigError)
    assert command.__doc__


def test_a_study_prints_writes_and_draws(results: Path) -> None:
    files = [results / name for name in ("table.csv", "figure.svg", "figure.png")]
    words = ("--csv", files[0], "--svg", files[1], "--png", files[2])
    done = bench("devices", "latest", "--results", results, *words, app=studies)
    assert done.exit_code == 0, done.output
    assert "host, onnxruntime," in done.stdout
    assert files[0].read_text().startswith("whose,source,run,device")
    assert files[1].read_text().startswith("<svg")
    assert files[2].read_bytes().startswith(b"\x89PNG")


def test_a_study_needs_no_run(results: Path) -> None:
    done = bench("power", "--json", "--results", results, app=studies)
    assert done.exit_code == 0, done.output
    whole = json.loads(done.stdout)
    assert {row["whose"] for row in whole["rows"]} == {"paper"}
    assert whole["rows"][0]["launches"] is None
    listed = json.loads(bench("list", "--json", app=studies).stdout)
    assert {study["name"] for study in listed if not study["measures"]} == {*STUDIES, "protocols"}
    assert {study["name"] for study in listed if study["measures"]} == set(MEASUREMENTS)
    assert all(study["question"].endswith("?") for study in listed)


def test_the_help_tells_what_measures_from_what_reads_runs() -> None:
    read, measure = bench("--help", app=studies).stdout, bench("--help", app=measurements).stdout
    assert "virtualization" in read
    assert "thermal" not in read
    assert "thermal" in measure
    assert not set(MEASUREMENTS) & set(STUDIES)


@pytest.mark.parametrize("name", ["overhead", "interference", "thermal"])
def test_an_old_name_goes_on_working_and_prints_the_new_one(name: str, results: Path) -> None:
    done = bench(name, "--run" if name != "thermal" else "--show", "nothing", "--results", results, app=studies)
    assert f"`bench study {name}` has a new name: bench measure {name}" in done.stderr
    assert isinstance(done.exception, ConfigError)


def test_a_study_that_cannot_be_written_says_where(results: Path) -> None:
    done = bench("power", "--svg", results / "no" / "x.svg", app=studies)
    assert isinstance(done.exception, HostError)


def test_a_recommendation_names_its_evidence_and_fails_without_a_choice(results: Path) -> None:
    app = typer.Typer()
    app.command()(recommend)
    words = ("--model", "mobilenet-v2", "--results", results)
    done = bench(*words, "--max-latency", "20ms", "--json", app=app)
    assert json.loads(done.stdout)["fastest"]["choice"]["run_id"] == RUN_ID
    assert "fastest: onnxruntime fp32 on host (container)" in bench(*words, app=app).stdout
    assert isinstance(bench(*words, "--max-latency", "1us", app=app).exception, CellsFailed)
    assert isinstance(bench(*words, "--max-memory", "lots", app=app).exception, ConfigError)


def test_amounts_have_units() -> None:
    assert [milliseconds("--x", text) for text in ("20ms", "0.02 s", "500us", ".5MS")] == [20, 20, 0.5, 0.5]
    assert [size("--x", text) for text in ("500MB", "1 GiB", "2kb")] == [5e8, 2**30, 2000]
    for text in ("20", "-5ms", "0ms", "ms", "1e3ms", "5 parsecs", "9" * 40 + "s"):
        with pytest.raises(ConfigError, match="--x"):
            milliseconds("--x", text)
