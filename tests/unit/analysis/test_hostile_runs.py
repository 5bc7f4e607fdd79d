"""Torn, foreign and hostile runs through every view: nothing ends in a traceback, and no name is markup anywhere."""

import csv
import io
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from analysis.charts.vega import compile_chart, save
from analysis.export.imports import PrintedMean, write_means
from analysis.export.report_json import as_json
from analysis.export.report_markdown import markdown
from analysis.export.tables import write_csv
from analysis.html.report import answer_studies, render
from analysis.report.evidence import Evidence, gather
from analysis.studies import STUDIES
from analysis.studies.recommend import Wishes, recommend
from analysis.studies.run_study import StudyAnswer, answer_study
from analysis.terminal.recommend_table import show as show_recommendation
from analysis.terminal.report_table import show_all
from analysis.terminal.study_table import as_records
from analysis.terminal.study_table import show as show_study
from bench.core.errors import ConfigError
from bench.journal.journal import dumps, read, write_run
from tests.support.synthetic import Truth, facts, line, write
from tests.support.synthetic_energy import CHANNEL, add_energy, energy_line, sensed, steps

EVIL = "</script><script>alert(1)</script><img src=x onerror=alert(1)>|`@all`[red]\x1b[31m{{ 7*7 }}=1+1"
FORMULA = "=HYPERLINK(1)"
TRUTHS = [Truth(), Truth(framework="pytorch", ms=20), Truth(framework="tflite", precision="int8", ms=6)]


def evil_names(folder: Path) -> None:
    write(folder, [Truth(model=EVIL, framework=FORMULA), Truth(model=EVIL, framework="pytorch", ms=20)], 3, 5)


def torn(folder: Path) -> None:
    write(folder, TRUTHS, blocks=3, samples=5)
    journal = folder / "journal.jsonl"
    journal.write_bytes(journal.read_bytes()[:-40])


def cut_short(folder: Path) -> None:
    write(folder, TRUTHS, blocks=3, samples=5)
    journal = folder / "journal.jsonl"
    journal.write_bytes(journal.read_bytes()[:700])


def duplicated(folder: Path) -> None:
    write(folder, TRUTHS, blocks=3, samples=5)
    journal = folder / "journal.jsonl"
    journal.write_text(journal.read_text() * 2)


def foreign(folder: Path) -> None:
    write_run(folder, facts(TRUTHS, blocks=3))
    (folder / "journal.jsonl").write_text('{"benchmark": "other"}\n[1, 2]\nnot json\n{"schema": 99}\n\n')


def absurd_numbers(folder: Path) -> None:
    write_run(folder, facts(TRUTHS, blocks=3))
    lines = []
    for block, value in enumerate([10**400, -5, 0, 2**63, 86_400 * 10**9 - 1, 1], 1):
        said = line(TRUTHS[0], "container", block, [value, 12_000_000])
        said["loaded"] |= {"load_ns": value, "first_ns": -value}
        said["hello"] |= {"t_ns": value, "import_ns": value}
        said |= {"memory": {"rss_peak_bytes": value}}
        lines.append(json.dumps(said))
    lines += [
        json.dumps(line(TRUTHS[1], "native", 1, [5_000_000])).replace("5000000", word) for word in ("NaN", "1e999")
    ]
    (folder / "journal.jsonl").write_text("\n".join(lines) + "\n")


def nothing_fits(folder: Path) -> None:
    run = facts(TRUTHS, blocks=3)
    run |= {"host": ["no"], "versions": 7, "command": {"a": [EVIL]}, "created": {"when": EVIL}}
    run |= {"images": {"onnxruntime": "text", "pytorch": {"size_bytes": -1, "ref": [1]}}}
    run |= {"recipes": "none", "forced": "all"}
    parity = {"max_rel": "small", "top1": 3}
    run |= {"artifacts": {TRUTHS[0].cell: {"size_bytes": 1e400, "parity": parity, "macs": True, "params": 0}}}
    write_run(folder, run)
    places = [(truth, arm, block) for truth in TRUTHS for arm in ("container", "unheard") for block in (1, 2)]
    lines = [line(*place, [9_000_000] * 3) for place in places]
    for said in lines[::2]:
        said |= {"hello": [1], "loaded": "yes", "memory": 3, "output": None}
    (folder / "journal.jsonl").write_text("".join(json.dumps(said) + "\n" for said in lines))


def evil_sensors(folder: Path) -> None:
    run = write(folder, TRUTHS, blocks=3, samples=5)
    add_energy(run, [(TRUTHS[0], 2.0, 6.0), (TRUTHS[1], 2.0, 1e300)], meter=[CHANNEL, EVIL], scope=EVIL)
    with (folder / "journal.jsonl").open("a") as journal:
        for truth in TRUTHS:
            heard = sensed({CHANNEL: steps(2.0, 6.0)}, baseline_ns=EVIL, lost=[{"channel": CHANNEL, "reason": EVIL}])
            bad = energy_line(truth, "native", 9, sensed=heard, windows=[{"start_ns": EVIL}])
            journal.write(json.dumps(bad) + "\n")


def no_plan(folder: Path) -> None:
    run = facts(TRUTHS, blocks=3)
    del run["plan"], run["host"], run["artifacts"], run["images"]
    write_run(folder, run)
    (folder / "journal.jsonl").write_text(json.dumps(line(Truth(), "native", 1, [5_000_000])) + "\n")


def printed_means(folder: Path) -> None:
    means = [PrintedMean(1, "resnet-18", 26_500_000), PrintedMean(2, "vgg16", 88_000_000)]
    write_means(folder, means, source=Path("out.txt"), script="pytorch", device="jetson-tx2", inferences=None)


def all_failed(folder: Path) -> None:
    write_run(folder, facts(TRUTHS, blocks=2))
    change = {"status": "failed", "reason": EVIL, "message": EVIL}
    lines = [line(truth, arm, 1, [], **change) for truth in TRUTHS for arm in ("container", "native")]
    (folder / "journal.jsonl").write_text("".join(json.dumps(said) + "\n" for said in lines))


def never_begun(folder: Path) -> None:
    write_run(folder, facts(TRUTHS, blocks=2))


def long_names(folder: Path) -> None:
    write(folder, [Truth(model="m" * 50_000), Truth(model="n" * 50_000, framework="pytorch")], blocks=2, samples=3)


def half_a_letter(folder: Path) -> None:
    """A lone surrogate, which JSON can say and no file can hold."""
    write(folder, TRUTHS, blocks=2, samples=3)
    journal = folder / "journal.jsonl"
    journal.write_text(journal.read_text().replace('"onnxruntime"', '"\\ud800"'))


MAKERS = (
    *(evil_names, torn, cut_short, duplicated, foreign, absurd_numbers, nothing_fits, no_plan),
    *(printed_means, all_failed, never_begun, long_names, half_a_letter),
)


@pytest.fixture(params=MAKERS, ids=lambda maker: maker.__name__, scope="module")
def evidence(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Evidence:
    make: Callable[[Path], None] = request.param
    folder = tmp_path_factory.mktemp(make.__name__)
    make(folder)
    return gather([read(folder)])


@pytest.fixture(scope="module")
def answers(evidence: Evidence) -> list[StudyAnswer]:
    return answer_studies(evidence)


def console() -> Console:
    return Console(file=io.StringIO(), width=80)


def strings(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        for inner in value:
            yield from strings(inner)
    elif isinstance(value, str):
        yield value


def test_no_view_breaks_or_runs_what_a_run_says(evidence: Evidence, answers: list[StudyAnswer]) -> None:
    page = render(evidence, answers)
    assert len(page.encode()) < 6_000_000  # and it can be written
    outside = re.sub(r"<script type=\"(?:application/json|module)\".*?</script>", "", page, flags=re.DOTALL)
    assert not re.search(r"<script|<img|onerror=alert\(1\)>", outside)
    json.loads(dumps(as_json(evidence)), parse_constant=pytest.fail)
    out = console()
    show_all(evidence, out)
    assert "\x1b" not in out.file.getvalue()  # type: ignore[attr-defined]
    written = markdown(evidence)
    assert written.encode()
    unspanned = re.sub(r"`[^`\n]*`", "", written)
    assert not re.search(r"[<`@]|\[red\]", unspanned)


def test_no_study_breaks(answers: list[StudyAnswer], tmp_path: Path) -> None:
    for study, answer in answers:
        path = tmp_path / f"{study.name}.csv"
        write_csv(answer.table, path)
        rows = csv.reader(io.StringIO(path.read_text(encoding="utf-8"), newline=""))
        fields = [field for row in rows for field in row]
        assert not [field for field in fields if field.startswith(("=", "@"))]
        json.loads(dumps(as_records(answer.table)), parse_constant=pytest.fail)
        values = [entry.get("values") for entry in compile_chart(answer.figure)["data"]]
        assert not [text for text in strings(values) if len(text) > 200]
        out = console()
        show_study(study, answer, out)
        assert "\x1b" not in out.file.getvalue()  # type: ignore[attr-defined]


def test_no_recommendation_breaks(evidence: Evidence) -> None:
    for model in set(evidence.cells["model"]):
        out = console()
        show_recommendation(recommend(evidence, Wishes(model=model, max_latency_ms=50, max_memory_bytes=1e9)), out)
        assert "\x1b" not in out.file.getvalue()  # type: ignore[attr-defined]


def test_a_picture_shows_a_hostile_name_as_text(tmp_path: Path) -> None:
    evil_names(tmp_path / "run")
    answer = answer_study(STUDIES["frameworks"], gather([read(tmp_path / "run")]))
    save(answer.figure, tmp_path / "figure.svg")
    svg = (tmp_path / "figure.svg").read_text()
    assert "&lt;script&gt;" in svg
    assert not re.search(r"<script|<img|<foreignObject", svg)


def test_what_can_be_used_of_a_damaged_run_is(tmp_path: Path) -> None:
    absurd_numbers(tmp_path / "run")
    cells = gather([read(tmp_path / "run")]).cells
    [row] = cells[cells["framework"] == "onnxruntime"].to_dict("records")
    assert (row["launches"], row["failed"]) == (2, 4)  # a day less 1 ns, and 1 ns, are numbers; the others are damage
    assert row["power_w"] != row["power_w"]


def test_half_a_letter_is_left_out_with_its_line_or_refused(tmp_path: Path) -> None:
    half_a_letter(tmp_path)
    run = read(tmp_path)
    assert run.launches
    assert any("lone surrogate" in warning for warning in run.warnings)
    write_run(tmp_path, facts(TRUTHS, blocks=2) | {"command": "\ud800"})
    with pytest.raises(ConfigError, match="lone surrogate"):
        read(tmp_path)
