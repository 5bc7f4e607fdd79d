"""What no framework could run is not made, and the reason is said."""

import pytest

from bench.artifacts.build import unusable_kinds
from bench.core.matrix.artifact_kind import Kind
from bench.core.matrix.schema import Matrix, load_matrix

DARKNET, CAFFE = Kind("darknet", "fp32"), Kind("caffe", "fp32")


@pytest.fixture
def matrix() -> Matrix:
    """Three frameworks, two of which read the same format."""
    told = load_matrix().model_dump()
    plain = {"title": "One", "precisions": ["fp32"], "platforms": {"amd64": "declared"}}
    told["frameworks"] = {
        "one": {**plain, "format": "darknet", "without": {"small": "no such layer"}},
        "two": {**plain, "format": "caffe", "without": {"small": "too deep", "native": "compiled"}},
        "three": {**plain, "format": "caffe"},
        "four": {**plain, "format": "onnx", "without": {"small": "too small"}},
    }
    return Matrix.model_validate(told)


def test_a_format_is_not_made_where_no_reader_can_run_the_model(matrix: Matrix) -> None:
    assert unusable_kinds(matrix, ["small", "large"], [DARKNET, CAFFE]) == {("small", DARKNET): "no such layer"}


def test_what_other_steps_begin_with_is_always_made(matrix: Matrix) -> None:
    assert unusable_kinds(matrix, ["small"], [Kind("onnx", "fp32")]) == {}


def test_a_format_that_nobody_reads_yet_is_made(matrix: Matrix) -> None:
    assert unusable_kinds(matrix, ["small"], [Kind("ncnn", "fp32")]) == {}
