"""The page in a real browser: it opens from a file, draws its figures, and its console stays empty."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from analysis import interference
from analysis.interference_views import drawn
from analysis.load import load
from analysis.page import render
from analysis.report import build
from bench.journal import read
from tests.unit.analysis import test_attribution, test_interference
from tests.unit.analysis.synthetic import Truth, write

BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
QUIET = (
    "--headless",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-sync",
    "--no-first-run",
    "--hide-scrollbars",
    "--enable-logging=stderr",
    "--log-level=0",
)
HOSTILE = "</script><script>document.title = 'hacked'</script><img src=x onerror=\"document.title = 'hacked'\">"

pytestmark = pytest.mark.skipif(BROWSER is None, reason="no chromium: apt-get install chromium")


def browse(page: Path, *options: str) -> tuple[str, str]:
    """(the document after its scripts ran, what the browser logged)."""
    assert BROWSER is not None
    command = [BROWSER, *QUIET, f"--user-data-dir={page.parent / 'profile'}", "--virtual-time-budget=10000", *options]
    if os.geteuid() == 0:
        command.append("--no-sandbox")  # Chromium refuses to sandbox itself as root
    done = subprocess.run([*command, page.as_uri()], capture_output=True, text=True, timeout=120, check=True)
    return done.stdout, done.stderr


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("page")
    truths = [Truth(), Truth(framework="openvino", launch_sd=0.12), Truth(framework="pytorch", model=HOSTILE)]
    run = write(folder / "run", truths, blocks=5, samples=9)
    path = folder / "report.html"
    path.write_text(render(build(run), load(run).launches), encoding="utf-8")
    return path


def test_the_page_draws_its_figures_and_complains_of_nothing(page: Path) -> None:
    document, log = browse(page, "--dump-dom")
    assert "CONSOLE" not in log, log
    assert 'data-drawn="yes"' in document
    figures = re.findall(r'<div class="plot[^>]*id="(\w+)".*?</svg>', document, re.DOTALL)
    assert figures == ["ratios", "launches"]
    # 3 cells × 3 ratios and 3 cells × 3 arms × 5 blocks: a mark each, which says its numbers to a screen reader
    assert len(re.findall(r'aria-roledescription="(?:point|circle|symbol)', document)) >= 9 + 45
    assert "<title>What containers cost" in document  # no name in the journal could run as a script


def test_the_figures_of_an_overhead_study_are_drawn_too(tmp_path: Path) -> None:
    test_attribution.write(tmp_path / "run", test_attribution.ABLATED, {"container": 1.02})
    run = read(tmp_path / "run")
    several = drawn(interference.build(test_interference.write(tmp_path / "several", blocks=3)))
    path = tmp_path / "report.html"
    path.write_text(render(build(run), load(run).launches, several), encoding="utf-8")
    document, log = browse(path, "--dump-dom")
    assert "CONSOLE" not in log, log
    figures = re.findall(r'<div class="plot[^>]*id="(\w+)".*?</svg>', document, re.DOTALL)
    assert figures == [
        "launches",
        "attribution",
        "interference",
    ]  # no rootfs, no native: no headline


def test_a_complaint_would_be_seen(tmp_path: Path) -> None:
    broken = tmp_path / "broken.html"
    broken.write_text("<!doctype html><script>missing()</script>")
    assert "CONSOLE" in browse(broken, "--dump-dom")[1]


def test_the_page_can_be_looked_at(page: Path) -> None:
    picture = Path(os.environ.get("SCREENSHOTS", page.parent)) / "report.png"
    browse(page, "--window-size=1040,2600", f"--screenshot={picture}")
    content = picture.read_bytes()
    assert content.startswith(b"\x89PNG")
    assert len(content) > 50_000  # a blank page of this size takes about 10 kB
