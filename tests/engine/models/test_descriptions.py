"""Graphs written in DarkNet's and Caffe's own words, and run by the frameworks themselves."""

import json

import docker
import pytest

from bench.artifacts.steps import RUN
from bench.core.paths import PROJECT
from bench.images import bake, local
from bench.images.engine import LABEL
from tests.conftest import frameworks_under_test
from tests.support.in_image import IN_IMAGE

pytestmark = pytest.mark.engine

EXACT = {
    "strided", "grouped", "pooled", "classified", "flattened", "residual", "leaky", "activated_aside",
    "activated_first", "enlarged", "same_size", "rows_of_two",
}  # fmt: skip
REFUSED = {
    "clipped_below": "Clip",
    "dilated": "dilated",
    "lopsided": "pads",
    "flattened_for_no_one": "flattened",
    "unknown": "Erf",
}


@pytest.fixture(scope="module", params=[name for name in ("darknet", "caffe") if name in frameworks_under_test()])
def framework(request: pytest.FixtureRequest) -> str:
    """Each tested framework that reads only what is written for it."""
    return str(request.param)


@pytest.fixture(scope="module")
def answers(engine: docker.DockerClient, framework: str) -> dict[str, float | str]:
    """What described_graphs.py says, in the image of the framework's step."""
    bake.build([f"models-{framework}"])
    said = engine.containers.run(
        f"edgebench/models-{framework}:{local.native_platform()}",
        ["/tests/described_graphs.py", framework],
        mounts=[
            docker.types.Mount("/project/models", str(PROJECT / "models"), type="bind", read_only=True),
            docker.types.Mount("/tests", str(IN_IMAGE), type="bind", read_only=True),
        ],
        environment={"PYTHONPATH": "/project"},
        labels={LABEL: RUN},
        network_mode="none",
        read_only=True,
        tmpfs={"/tmp": ""},
        remove=True,
    )
    return json.loads(said)


def test_what_is_translated_computes_the_same(answers: dict[str, float | str]) -> None:
    found = {name: answers[name] for name in EXACT}
    assert all(isinstance(error, float) and error < 1e-5 for error in found.values()), found


def test_what_is_not_covered_is_refused_by_name(answers: dict[str, float | str]) -> None:
    found = {name: answers[name] for name in REFUSED}
    assert all(isinstance(said, str) and REFUSED[name] in said for name, said in found.items()), found


def test_only_caffe_has_a_clip_at_zero(answers: dict[str, float | str], framework: str) -> None:
    if framework == "caffe":
        assert answers["clipped"] < 1e-5
    else:
        assert "Clip" in answers["clipped"]


@pytest.mark.parametrize(
    ("name", "lacks"),
    [
        ("oblong", "kernel_shape [1, 5]"),
        ("averaged", "AveragePool"),
        ("gated", "HardSigmoid"),
        ("film", "Reshape of a picture"),
    ],
)
def test_only_caffe_has_what_later_networks_are_made_of(
    answers: dict[str, float | str], framework: str, name: str, lacks: str
) -> None:
    if framework == "caffe":
        assert answers[name] < 1e-5
    else:
        assert lacks in answers[name]


def test_darknet_refuses_another_slope_and_pictures_that_are_none(
    answers: dict[str, float | str], framework: str
) -> None:
    if framework == "darknet":
        assert "LeakyRelu with a slope of 0.2" in answers["sloping"]
        assert "Relu of what is no picture any more" in answers["rows_taken"]
    else:
        assert answers["sloping"] < 1e-5


def test_only_caffe_rounds_up(answers: dict[str, float | str], framework: str) -> None:
    if framework == "caffe":
        assert answers["rounded_up"] < 1e-5
    else:
        assert "does not round up" in answers["rounded_up"]


def test_only_caffe_normalises_over_all_channels(answers: dict[str, float | str], framework: str) -> None:
    if framework == "caffe":
        assert answers["normalised"] < 1e-5
    else:
        assert "forgets one channel" in answers["normalised"]
