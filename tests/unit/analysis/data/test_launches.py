"""Loading: a launch becomes a row; what cannot be a measurement is marked with its line, and nothing crashes."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.data.fields import DAY_NS
from analysis.data.launches import Loaded, load
from analysis.data.samples import quantiles, wrong_samples
from analysis.report.build import build
from bench.journal.journal import Run, read, write_run
from tests.support.synthetic import Truth, facts, line, write

TRUTH = Truth()


def loaded(folder: Path, *records: dict[str, Any]) -> Loaded:
    write_run(folder, facts([TRUTH], blocks=2))
    (folder / "journal.jsonl").write_text("".join(json.dumps(record) + "\n" for record in records))
    return load(read(folder))


def test_a_row_says_what_the_launch_said(tmp_path: Path) -> None:
    [row] = loaded(tmp_path, line(TRUTH, "native", 2, [10, 20, 30, 40])).launches.to_dict("records")
    assert (row["cell"], row["framework"], row["model"], row["precision"]) == (
        "host/onnxruntime/mobilenet-v2/fp32",
        "onnxruntime",
        "mobilenet-v2",
        "fp32",
    )
    assert (row["device"], row["arm"], row["block"], row["n"]) == ("host", "native", 2, 4)
    assert (row["median_ns"], row["p90_ns"]) == (25, 37)
    assert (row["load_ns"], row["first_ns"], row["wall_ns"]) == (120e6, 25e6, 2e9)


@pytest.mark.parametrize(
    ("samples", "said"),
    [
        ([1, -5], "sample 1 is not between"),
        ([0], "sample 0 is not between"),
        ([1, 10**400], "sample 1 is not between"),
        ([1.5], "sample 0 is 1.5"),
        ([1, True], "sample 1 is True"),
        ([1, None], "sample 1 is None"),
        ([1, [2]], "sample 1 is [2]"),
        ([1, "<b>"], "sample 1 is '<b>'"),
        ("12", "no samples"),
        ({}, "no samples"),
        ([], "no samples"),
        (None, "no samples"),
    ],
)
def test_samples_that_are_none_fail_the_launch_with_its_line(tmp_path: Path, samples: Any, said: str) -> None:
    good, bad = line(TRUTH, "native", 1, [10]), line(TRUTH, "native", 2, samples)
    result = loaded(tmp_path, good, bad)
    assert list(result.launches["status"]) == ["ok", "failed"]
    assert result.launches["reason"][1] == "damaged"
    assert len(result.warnings) == 1
    assert "journal.jsonl line 2" in result.warnings[0]
    assert said in result.warnings[0]


def test_nan_and_infinity_are_no_samples() -> None:
    assert wrong_samples([1, float("nan")]) is not None
    assert wrong_samples([float("inf")]) is not None


def test_a_run_of_nothing_is_an_empty_frame(tmp_path: Path) -> None:
    assert loaded(tmp_path).launches.empty


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
SECTIONS = ("plan", "host", "images", "artifacts", "versions", "forced", "created", "command")
FIELDS = ("hello", "loaded", "samples", "wall_ns", "reason", "message", "memory")


@settings(deadline=None)
@given(
    run=st.dictionaries(st.sampled_from(SECTIONS), JSON),
    changes=st.lists(st.dictionaries(st.sampled_from(FIELDS), JSON), max_size=3),
)
def test_no_content_upsets_the_report(run: dict[str, Any], changes: list[dict[str, Any]]) -> None:
    records = [line(TRUTH, "native", block, [10]) | change for block, change in enumerate(changes, 1)]
    lines = {record["launch"]: number for number, record in enumerate(records, 1)}
    report = build(Run(Path(), facts([TRUTH], 2) | run, records, lines))
    json.dumps(report, allow_nan=False)


def test_many_launches_share_what_they_say_alike(tmp_path: Path) -> None:
    frame = load(write(tmp_path, [TRUTH], blocks=5, samples=3)).launches
    assert len({id(said) for said in frame["identity"]}) == 1


@given(st.lists(st.integers(1, DAY_NS - 1), min_size=1, max_size=300))
def test_quantiles_are_numpy_s(samples: list[int]) -> None:
    timings = np.array(samples)
    assert quantiles(timings) == list(np.percentile(timings, (50, 90, 99)))
