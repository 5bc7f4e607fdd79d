"""What edgeBench printed, as a run: kept as the means that they are, and never given an interval or a verdict."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from analysis.compare.compare import build as compare
from analysis.data.launches import load
from analysis.export.imports import PrintedMean, read_printed
from analysis.report.build import build
from analysis.text.phrases import summary
from bench.cli.export import app
from bench.core.errors import ConfigError
from bench.journal.journal import read
from tests.support.synthetic import Truth, write

PRINTED = """\
Using TensorFlow backend.
resnet-18 inference time (sec): 0.02650
/usr/lib/python3/dist-packages/x.py:1: FutureWarning: inference time (sec): soon
mobilenet inference time (sec): 0.04010\r
tiny-yolo inference time (sec): 0.10790
"""


def bench(*words: object) -> Result:
    return CliRunner().invoke(app, [str(word) for word in words])


@pytest.fixture
def printed(tmp_path: Path) -> Path:
    (tmp_path / "printed.txt").write_bytes(PRINTED.encode())
    return tmp_path / "printed.txt"


@pytest.fixture
def folder(printed: Path, tmp_path: Path) -> Path:
    done = bench(
        "edgebench", printed, "--framework", "pytorch", "--device", "jetson-tx2", "--inferences", 1000,
        "--results", tmp_path / "results", "--json",
    )  # fmt: skip
    assert done.exit_code == 0, done.output
    return Path(json.loads(done.stdout)["path"])


def test_lines_are_read_with_the_study_s_names(printed: Path) -> None:
    means, left_out = read_printed(printed)
    assert means == [
        PrintedMean(2, "resnet-18", 26_500_000),
        PrintedMean(4, "mobilenet-v2", 40_100_000),
        PrintedMean(5, "tinyyolo", 107_900_000),
    ]
    assert left_out == []


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("resnet-19 inference time (sec): 0.1", "no model resnet-19"),
        ("vgg16 inference time (sec): nan", "nan is no time"),
        ("vgg16 inference time (sec): inf", "inf is no time"),
        ("vgg16 inference time (sec): -0.1", "-0.1 is no time"),
        ("vgg16 inference time (sec): 0.00000", "0.00000 is no time"),
        ("vgg16 inference time (sec): 1e9999999", "is no time"),
        ("vgg16 inference time (sec): 86400", "86400 is no time"),
        ("vgg16 inference time (sec): <b>", "<b> is no time"),
    ],
)
def test_a_line_that_cannot_be_is_left_out_with_its_number(printed: Path, line: str, said: str) -> None:
    printed.write_text(PRINTED + line + "\n")
    means, [left_out] = read_printed(printed)
    assert len(means) == 3
    assert left_out.startswith("printed.txt line 6: ")
    assert said in left_out


@pytest.mark.parametrize("content", [b"", b"resnet-18 0.02650\n", b"\x00\xff\xfe" * 100])
def test_a_file_of_something_else_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "other").write_bytes(content)
    with pytest.raises(ConfigError, match="no line that edgeBench printed") as caught:
        read_printed(tmp_path / "other")
    assert "inference time (sec)" in str(caught.value.hint)


def test_means_are_no_launches(folder: Path) -> None:
    loaded = load(read(folder))
    assert loaded.launches.empty
    first = loaded.means.iloc[0]
    assert (first["device"], first["framework"], first["model"], first["arm"]) == (
        "jetson-tx2",
        "pytorch",
        "resnet-18",
        "native",
    )
    assert (first["mean_ns"], first["inferences"]) == (26.5e6, 1000)


def test_the_run_says_what_it_is(folder: Path) -> None:
    run = read(folder)
    assert run.facts["imported"]["program"] == "edgeBench"
    assert run.facts["imported"]["file"] == "printed.txt"  # no path of the machine
    assert all(record["samples"] == [] and record["status"] == "mean" for record in run.launches)


def test_a_report_shows_the_means_and_no_verdict(folder: Path) -> None:
    report = build(read(folder))
    assert report["cells"] == []
    said = summary(report)
    assert len(said) == 3
    assert "26.50 ms is a mean of 1000 inferences" in said[0]
    assert "no interval and no verdict" in said[0]


def test_a_comparison_shows_the_mean_and_no_verdict(folder: Path, tmp_path: Path) -> None:
    ours = write(tmp_path / "ours", [Truth(framework="pytorch", model="resnet-18")], blocks=4, samples=5)
    for a, b in ((read(folder), ours), (ours, read(folder))):
        cells = {cell["model"]: cell["arms"]["native"] for cell in compare(a, b, across=["hosts"])["cells"]}
        found = cells["resnet-18"]
        assert (found["status"], found["ratio"], found["verdict"]) == ("mean", None, None)
        assert 26.5 in (found["a_ms"], found["b_ms"])
        assert None not in (found["a_ms"], found["b_ms"])


def test_the_same_model_twice_is_two_means(printed: Path, tmp_path: Path) -> None:
    printed.write_text("alexnet inference time (sec): 0.01\nalexnet inference time (sec): 0.02\n")
    done = bench("edgebench", printed, "--framework", "caffe", "--device", "pi", "--results", tmp_path / "r", "--json")
    frame = load(read(Path(json.loads(done.stdout)["path"]))).means
    assert list(frame["mean_ns"]) == [10e6, 20e6]
    assert list(frame["inferences"]) == [0, 0]  # nobody said


@pytest.mark.parametrize(
    "words",
    [
        ("--framework", "darknet", "--device", "pi"),
        ("--framework", "pytorch", "--device", "../pi"),
        ("--framework", "pytorch", "--device", "<b>"),
    ],
)
def test_what_is_asked_for_wrongly_is_refused(printed: Path, words: tuple[str, ...]) -> None:
    assert isinstance(bench("edgebench", printed, *words).exception, ConfigError)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    done = bench("edgebench", tmp_path / "no.txt", "--framework", "pytorch", "--device", "pi")
    assert isinstance(done.exception, ConfigError)


@pytest.mark.parametrize("mean", [None, {}, {"ns": 0}, {"ns": True}, {"ns": 10**400}, {"ns": "1"}, {"ns": 1.5}, [1]])
def test_a_mean_that_is_none_is_left_out_with_its_line(folder: Path, mean: object) -> None:
    lines = [json.loads(text) for text in (folder / "journal.jsonl").read_text().splitlines()]
    lines[1]["mean"] = mean
    (folder / "journal.jsonl").write_text("".join(json.dumps(record) + "\n" for record in lines))
    loaded = load(read(folder))
    assert len(loaded.means) == 2
    assert "journal.jsonl line 2: it has no mean; the line is left out" in loaded.warnings
