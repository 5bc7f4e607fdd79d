"""The report of a step is read in one place and checked."""

import json
from pathlib import Path

import pytest

from bench.artifacts.step_report import StepReport
from bench.core.errors import HostError
from bench.core.matrix.artifact_kind import Kind
from tests.support.model_sources import write_made


def test_a_report_has_artifacts_failures_and_facts(tmp_path: Path) -> None:
    made = write_made(tmp_path, "small", ["onnx", "tflite"], failed="tflite")
    report = StepReport.read(tmp_path)
    assert [artifact.kind for artifact in report.artifacts] == [Kind("onnx", "fp32")]
    assert report.failed == {"tflite/fp32": "ValueError: no such operator"}
    assert report.made == {key: value for key, value in made.items() if key != "failed"}


@pytest.mark.parametrize(
    "text",
    ["", "[1]", "{}", '{"artifacts": [{}]}', '{"artifacts": [1]}', '{"artifacts": [], "failed": []}'],
)
def test_a_malformed_report_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "made.json").write_text(text)
    with pytest.raises(HostError, match=r"no valid made\.json"):
        StepReport.read(tmp_path)


def test_a_missing_report_is_refused_and_a_wrong_entry_too(tmp_path: Path) -> None:
    with pytest.raises(HostError, match=r"no valid made\.json"):
        StepReport.read(tmp_path)
    made = write_made(tmp_path, "small", ["onnx"])
    del made["artifacts"][0]["parity"]
    (tmp_path / "made.json").write_text(json.dumps(made))
    with pytest.raises(HostError, match="parity"):
        StepReport.read(tmp_path)
