"""`bench report` as a user types it."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner, Result

from bench.cli.report import parse_margin, report
from bench.errors import ConfigError, HostError
from tests.unit.analysis.synthetic import Truth, write

RUN_ID = "20261123T101500-a1b2c3"


@pytest.fixture
def results(tmp_path: Path) -> Path:
    write(tmp_path / RUN_ID, [Truth()], blocks=4, samples=5)
    return tmp_path


def bench(*words: object) -> Result:
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
    code = "import sys, bench.cli.report; sys.exit('pandas' in sys.modules or 'altair' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
