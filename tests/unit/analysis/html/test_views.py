"""The views: the terminal's table fits and is plain in a pipe; the page needs no network and names are no markup."""

import io
import re
from html.parser import HTMLParser
from pathlib import Path

from rich.console import Console

from analysis.html.report import render
from analysis.report.build import build
from analysis.report.evidence import gather
from analysis.studies import STUDIES
from analysis.terminal.report_table import show
from tests.support.synthetic import Truth, write

HOSTILE = "</script><script>alert(1)</script><img src=http://evil.example onerror=alert(1)>[red]\x1b[31m{{ 7*7 }}"
TRUTHS = [
    Truth(),
    Truth(framework="openvino", launch_sd=0.12),
    Truth(framework="pytorch", versions={"native": {"numpy": "2.3.1"}}),
    Truth(framework="tflite", failing={"container": "out-of-memory"}),
]


def printed(folder: Path, truths: list[Truth]) -> str:
    out = io.StringIO()
    show(build(write(folder, truths, blocks=6, samples=9)), Console(file=out, width=80))
    return out.getvalue()


def page(folder: Path, truths: list[Truth]) -> str:
    return render(gather([write(folder, truths, blocks=6, samples=9)]))


class Elements(HTMLParser):
    """Every start tag with its attributes, and what the tables and headings say."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.seen: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, dict(attrs)))

    def named(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.seen if name == tag]


def test_the_table_fits_80_columns_and_is_plain_in_a_pipe(tmp_path: Path) -> None:
    text = printed(tmp_path, TRUTHS)
    assert max(map(len, text.splitlines())) <= 80
    assert "\x1b" not in text
    assert "container/rootfs" in text
    assert "it would take about" in text
    assert "…" not in text


def test_a_name_is_no_markup_and_no_control_code_for_the_terminal(tmp_path: Path) -> None:
    text = printed(tmp_path, [Truth(model=HOSTILE)])
    assert "[red]" in text
    assert "\x1b" not in text


def test_the_page_fetches_nothing(tmp_path: Path) -> None:
    text = page(tmp_path, TRUTHS)
    elements = Elements(text)
    for tag, attributes in elements.seen:
        assert not {"src", "srcset", "data", "action", "poster"} & attributes.keys(), (tag, attributes)
        assert (attributes.get("href") or "#").startswith("#"), attributes  # a place in the page itself
    assert not elements.named("link")
    style = "".join(re.findall(r"<style>(.*?)</style>", text, re.DOTALL))
    assert "url(" not in style
    assert "@import" not in style
    [policy] = [x["content"] for x in elements.named("meta") if x.get("http-equiv") == "Content-Security-Policy"]
    assert policy is not None
    assert policy.startswith("default-src 'none'")
    assert "connect-src" not in policy  # so default-src holds: no fetch, whatever a library may try
    assert "http" not in policy
    assert "unsafe-eval" not in policy
    assert len(text) < 6_000_000


def test_the_page_can_be_read_by_a_machine_that_reads_aloud(tmp_path: Path) -> None:
    elements = Elements(page(tmp_path, TRUTHS))
    assert elements.named("html") == [{"lang": "en"}]
    assert len(elements.named("h1")) == 1
    assert len(elements.named("table")) == len(elements.named("caption")) > len(STUDIES) + 3 * len(TRUTHS)
    assert all("scope" in attributes for attributes in elements.named("th"))
    assert all(x["aria-label"] for x in elements.named("div") if x.get("class") == "plot")
    assert len(elements.named("figcaption")) == len(elements.named("figure")) == len(STUDIES) + len(TRUTHS)
    links = {str(x["href"]) for x in elements.named("a")}
    assert {f"#{x['id']}" for x in elements.named("h2") if str(x["id"]).endswith("-title")} - links == {"#best-title"}
    assert links - {f"#{x['id']}" for _, x in elements.seen if "id" in x} == set()


def test_names_are_drawn_as_text(tmp_path: Path) -> None:
    benign, hostile = page(tmp_path / "a", [Truth()]), page(tmp_path / "b", [Truth(model=HOSTILE)])
    assert [tag for tag, _ in Elements(benign).seen] == [tag for tag, _ in Elements(hostile).seen]
    assert "&lt;script&gt;alert(1)" in hostile
    assert "{{ 7*7 }}" in hostile


def test_a_run_of_nothing_has_a_page_and_a_table(tmp_path: Path) -> None:
    run = write(tmp_path, [Truth()], blocks=0)
    text = render(gather([run]))
    assert "not run yet" in text
    show(build(run), Console(file=io.StringIO(), width=80))
