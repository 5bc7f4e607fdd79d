"""The page in a real browser: it opens from a file, draws, sorts, follows light and dark, and fetches nothing."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from analysis.experiments.thermal_events import read_recording
from analysis.html.report import render
from analysis.html.thermal_page import render as render_thermal
from analysis.report import interference
from analysis.report.evidence import gather
from analysis.studies import STUDIES
from analysis.studies.overhead import interference as answers_of
from analysis.studies.overhead import overhead
from bench.journal.journal import read
from tests.support.chrome import BROWSER, Chrome, chrome
from tests.support.synthetic import Truth, write
from tests.support.synthetic_energy import add_energy
from tests.support.synthetic_thermal import write_study
from tests.unit.analysis.report import test_attribution, test_interference

HOSTILE = "</script><script>document.title = 'hacked'</script><img src=x onerror=\"document.title = 'hacked'\">"
TRUTHS = [
    Truth(),
    Truth(framework="openvino", launch_sd=0.12, failing={"native": "out-of-memory"}),
    Truth(framework="pytorch", ms=20, versions={"native": {"numpy": "1"}}),
    Truth(framework="onnxruntime", precision="int8", ms=6, max_rel=0.04, size_bytes=4_000_000),
    Truth(framework="pytorch", model=HOSTILE),
]

pytestmark = pytest.mark.skipif(BROWSER is None, reason="no chromium: apt-get install chromium")


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("page")
    run = write(folder / "run", TRUTHS, blocks=5, samples=9)
    run = add_energy(run, [(TRUTHS[0], 1.7, 4.2), (TRUTHS[1], 1.7, 5.5)])
    path = folder / "report.html"
    path.write_text(render(gather([run])), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def browser(page: Path) -> Iterator[Chrome]:
    with chrome(page.parent) as found:
        yield found


@pytest.fixture
def opened(browser: Chrome, page: Path) -> Chrome:
    browser.media()
    browser.open(page)
    return browser


def test_it_draws_every_figure_and_complains_of_nothing(opened: Chrome, page: Path) -> None:
    drawn = opened.js("[...document.querySelectorAll('.plot')].filter((p) => p.querySelector('svg')).map((p) => p.id)")
    assert drawn == list(STUDIES)
    marks = "document.querySelectorAll('#{} [aria-roledescription]').length"
    for name in STUDIES:
        assert opened.js(marks.format(name)) > 4, name
    assert opened.complaints == []
    assert opened.requests == [page.as_uri()]  # the page itself and nothing else


def test_no_name_in_a_journal_runs_as_a_script(opened: Chrome) -> None:
    assert opened.js("document.title").startswith("edgebench-matrix: run 2026")
    assert opened.js("document.querySelectorAll('img').length") == 0
    assert "<img src=x" in opened.js("document.getElementById('frameworks').textContent")


def test_a_cell_draws_its_launches_when_it_opens(opened: Chrome) -> None:
    points = "document.querySelectorAll('#cell-0 .plot [aria-roledescription]').length"
    assert opened.js(points) == 0
    opened.click("#cell-0 > summary")
    opened.wait(f"{points} > 0")
    assert opened.js(points) >= 3 * 5 * (9 + 1)  # 3 arms × 5 blocks × (9 samples and their median)
    assert opened.complaints == []


def test_a_cell_s_energy_sorts_by_click(opened: Chrome) -> None:
    opened.click("#cell-0 > summary")
    row = "[...document.querySelectorAll('#cell-0-energy-caption ~ tbody tr')].map((row) => row.cells[{}].textContent)"
    assert opened.js(row.format(0)) == ["container", "rootfs", "native"]
    assert opened.js(row.format(1)) == ["42.0 ± ≥ 0.0"] * 3
    assert "of the board" in opened.js("document.getElementById('cell-0-energy-caption').textContent")
    opened.click("#cell-0-energy-caption ~ thead th:nth-child(1) button")
    assert opened.js(row.format(0)) == ["container", "native", "rootfs"]


ORDER = "[...document.querySelectorAll('#every-caption ~ tbody tr')].map((row) => row.cells[2].dataset.value)"
HEADING = "#every-caption ~ thead th:nth-child(3)"


def test_a_table_sorts_by_click(opened: Chrome) -> None:
    before = opened.js(ORDER)
    numbers = [float(value) for value in before]
    opened.click(f"{HEADING} button")
    assert [float(value) for value in opened.js(ORDER)] == sorted(numbers)
    assert opened.js(f"document.querySelector('{HEADING}').getAttribute('aria-sort')") == "ascending"
    opened.click(f"{HEADING} button")
    assert [float(value) for value in opened.js(ORDER)] == sorted(numbers, reverse=True)
    assert opened.js(f"document.querySelector('{HEADING}').getAttribute('aria-sort')") == "descending"


@pytest.mark.parametrize("key", ["Enter", " "])
def test_a_table_sorts_by_keyboard(opened: Chrome, key: str) -> None:
    opened.js(f"document.querySelector('{HEADING.replace('3', '2')} button').focus()")
    opened.press("Tab")  # to the next heading
    assert opened.js(f"document.activeElement === document.querySelector('{HEADING} button')")
    outline = "getComputedStyle(document.activeElement).outlineStyle"
    assert opened.js(outline) == "solid"  # who has no mouse sees where he is
    opened.press(key)
    numbers = [float(value) for value in opened.js(ORDER)]
    assert numbers == sorted(numbers)
    assert opened.js("document.querySelectorAll('#every-caption ~ thead th[aria-sort=ascending]').length") == 1


def test_the_first_key_leads_to_the_summary(opened: Chrome) -> None:
    opened.press("Tab")
    assert opened.js("document.activeElement.textContent") == "Skip to the summary"
    assert opened.js("document.activeElement.getBoundingClientRect().x >= 0")
    opened.press("Enter")
    assert opened.js("document.activeElement.id") == "main"


def test_pointing_at_a_mark_shows_its_numbers(opened: Chrome) -> None:
    opened.hover("#devices [aria-roledescription=point]")
    opened.wait("document.getElementById('vg-tooltip-element')?.textContent.includes('time per inference, ms')")


def test_dark_and_print_have_their_own_colours(opened: Chrome, page: Path) -> None:
    folder = Path(os.environ.get("SCREENSHOTS", page.parent))
    ink = "getComputedStyle(document.querySelector('#devices svg text')).fill"
    pictures, colours = {}, {}
    for name, kind, scheme in (("light", "", "light"), ("dark", "", "dark"), ("print", "print", "dark")):
        opened.media(kind, scheme)
        colours[name] = (opened.js("getComputedStyle(document.body).backgroundColor"), opened.js(ink))
        pictures[name] = opened.picture(folder / f"report-{name}.png")
    assert colours["light"] == colours["print"] == ("rgb(255, 255, 255)", "rgb(28, 32, 36)")  # paper is never dark
    assert colours["dark"] == ("rgb(20, 23, 26)", "rgb(230, 233, 236)")
    assert all(picture.startswith(b"\x89PNG") and len(picture) > 50_000 for picture in pictures.values())
    assert opened.js("getComputedStyle(document.querySelector('nav')).display") == "none"
    assert opened.complaints == []


def test_a_complaint_would_be_seen(browser: Chrome, tmp_path: Path) -> None:
    broken = tmp_path / "broken.html"
    broken.write_text("<!doctype html><html data-drawn=yes><script>missing()</script><img src='http://127.0.0.1:9/x'>")
    browser.open(broken)
    browser.wait("performance.getEntriesByType('resource').length > 0")
    assert any("Uncaught" in text for text in browser.complaints)
    assert "http://127.0.0.1:9/x" in browser.requests


def test_a_thermal_study_has_a_page_of_the_same_kind(browser: Chrome, tmp_path: Path) -> None:
    path = tmp_path / "thermal.html"
    path.write_text(render_thermal(read_recording(write_study(tmp_path / "s", minutes=12))), encoding="utf-8")
    browser.media()
    browser.open(path)
    assert browser.js("document.querySelectorAll('#thermal [aria-roledescription]').length") > 4
    assert browser.js("document.querySelectorAll('#minutes-caption ~ tbody tr').length") == 12
    assert "held back" in browser.js("document.querySelector('.summary').textContent")
    browser.click("#minutes-caption ~ thead th:nth-child(2) button")
    assert browser.js("document.querySelector('#minutes-caption ~ thead th:nth-child(2)').ariaSort") == "ascending"
    folder = Path(os.environ.get("SCREENSHOTS", tmp_path))
    for scheme in ("light", "dark"):
        browser.media("", scheme)
        assert browser.picture(folder / f"thermal-{scheme}.png").startswith(b"\x89PNG")
    assert browser.complaints == []
    assert browser.requests == [path.as_uri()]


def test_a_watched_page_reads_itself_again(browser: Chrome, tmp_path: Path) -> None:
    run = write(tmp_path / "run", TRUTHS[:1], blocks=2, samples=5)
    path = tmp_path / "watched.html"
    path.write_text(render(gather([run]), refresh=1), encoding="utf-8")
    browser.open(path)
    assert browser.js("document.querySelector('meta[http-equiv=refresh]').content") == "1"
    path.write_text(render(gather([run])), encoding="utf-8")
    browser.wait(
        "!document.querySelector('meta[http-equiv=refresh]') && document.documentElement.dataset.drawn === 'yes'"
    )
    assert browser.complaints == []


def test_the_figures_of_an_overhead_study_are_drawn_too(browser: Chrome, tmp_path: Path) -> None:
    test_attribution.write(tmp_path / "ablated", test_attribution.ABLATED, {"container": 1.02, "cpu-quota": 1.1})
    several = answers_of(interference.build(test_interference.write(tmp_path / "several", blocks=3)))
    evidence = gather([read(tmp_path / "ablated")])
    path = tmp_path / "overhead.html"
    path.write_text(render(evidence, [*overhead(evidence), *several]), encoding="utf-8")
    folder = Path(os.environ.get("SCREENSHOTS", tmp_path))
    browser.media()
    browser.open(path)
    drawn = browser.js("[...document.querySelectorAll('.plot')].filter((p) => p.querySelector('svg')).map((p) => p.id)")
    assert drawn == ["virtualization", "attribution", "coldstart", "interference"]
    assert "one program run in two ways" in browser.js("document.querySelector('.summary').textContent")
    browser.click("#cell-0 > summary")
    browser.wait("document.querySelectorAll('#cell-0 .plot [aria-roledescription]').length > 0")
    said = browser.js("document.getElementById('cell-0').textContent")
    assert "the container against itself without one thing" in said
    assert "recorded: seccomp 2 → 0" in said
    assert browser.complaints == []
    for scheme in ("light", "dark"):
        browser.media("", scheme)
        assert browser.picture(folder / f"overhead-{scheme}.png", height=2600).startswith(b"\x89PNG")
