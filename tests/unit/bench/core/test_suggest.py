"""What is said of a name that there is not: the near one alone, and where the others really are."""

import pytest
import yaml

from bench.core.errors import ConfigError
from bench.core.paths import MATRIX
from bench.core.suggest import LISTED, SHOWN, choose, nearest

FORMATS = ["caffe", "darknet", "executorch", "ncnn", "onnx", "openvino", "savedmodel", "tflite", "torch", "tvm"]


def refused(kind: str, name: str, known: list[str]) -> tuple[str, str | None]:
    with pytest.raises(ConfigError) as error:
        choose(kind, [name], known)
    return str(error.value), error.value.hint


@pytest.mark.parametrize(
    ("name", "near"),
    [
        ("onx", "onnx"),
        ("TFLite", "tflite"),
        ("tmv", "tvm"),
        ("pytorch", "torch"),
        ("exec", "executorch"),
        ("nope", None),
        ("ex", None),
        ("", None),
    ],
)
def test_only_what_is_near_is_suggested(name: str, near: str | None) -> None:
    said = nearest(name, FORMATS)
    assert said == (f"did you mean '{near}'?" if near else f"there is: {', '.join(FORMATS)}")


def test_a_far_fetched_name_is_not_suggested() -> None:
    assert nearest("nope", ["opencv", "openvino"]) == "there is: opencv, openvino"


def test_what_has_no_list_elsewhere_is_listed_once() -> None:
    every = f"there is: {', '.join(FORMATS)}"
    assert refused("format", "onx", FORMATS) == ("unknown format 'onx': did you mean 'onnx'?", every)
    assert refused("format", "nope", FORMATS) == (f"unknown format 'nope': {every}", None)
    assert refused("precision", "fp23", ["fp16", "fp32"])[1] == "there is: fp16, fp32"


@pytest.mark.parametrize("kind", LISTED)
def test_a_section_that_is_named_is_there(kind: str) -> None:
    _, hint = refused(kind, "nope", ["host"])
    assert hint == LISTED[kind]
    sections = yaml.safe_load(MATRIX.read_text(encoding="utf-8"))
    assert "matrix.yaml" not in hint or f"see `{kind}s:` in matrix.yaml" == hint
    assert f"{kind}s" in sections


def test_a_long_list_is_cut() -> None:
    said = nearest("nope", [f"cell-{number:03}" for number in range(SHOWN + 9)])
    assert said.endswith(f"cell-{SHOWN - 1:03}, … and 9 more")
    assert nearest("nope", []) == "there is: nothing"
