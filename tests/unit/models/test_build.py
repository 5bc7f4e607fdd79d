"""Which steps are run for what is asked, and what becomes of a step that fails. Nothing is started."""

import io
import json
from pathlib import Path

import pytest
from rich.console import Console

from bench import models
from bench.recipe import Recipes
from bench.steps import Step
from bench.store import Store

from .source import write_made, write_sources


class Bench:
    """In the workshop's place: notes each step and makes what it should, or fails where it is told to."""

    def __init__(self) -> None:
        self.steps: list[str] = []
        self.prepared: list[str] = []
        self.failing = ""

    def prepare(self, name: str) -> None:
        self.prepared.append(name)

    def run(self, step: Step, out: Path) -> tuple[int, str]:
        said = f"{step.name} {step.model} {' '.join(sorted(step.formats))}"
        self.steps.append(said)
        if self.failing and said.startswith(self.failing):
            return 1, "noise\nValueError: operator Foo is not supported\n"
        assert set(step.given) == (set() if step.name == "export" else {"onnx", "reference"})
        write_made(out, step.model, step.formats, defines=step.name == "export")
        return 0, ""


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Bench:
    """The stand-in, with a store and sources of the test's own."""
    fake = Bench()
    recipes = write_sources(tmp_path / "models")
    monkeypatch.setattr(models, "_workshop", lambda _progress: fake)
    monkeypatch.setattr(models, "Store", lambda root: Store(root, Recipes(recipes)))
    monkeypatch.setattr(models, "model_store", lambda: tmp_path / "store")
    return fake


def build(names: list[str], formats: list[str]) -> str:
    said = io.StringIO()
    models.build(names, formats, Console(file=said, width=200))
    return said.getvalue()


def test_only_what_is_asked_for_is_made(engine: Bench) -> None:
    said = build(["small"], ["onnx"])
    assert engine.steps == ["export small onnx"]
    assert engine.prepared == ["export"]  # the demo does not wait for the converter's image
    assert said == "models: export small (onnx)\n"


def test_what_is_there_is_left_alone(engine: Bench) -> None:
    build(["small", "large"], ["onnx", "tflite"])
    assert engine.steps == ["export small onnx", "export large onnx", "convert small tflite", "convert large tflite"]
    engine.steps.clear()
    engine.prepared.clear()
    assert build(["small", "large"], ["onnx", "tflite"]) == ""
    assert (engine.steps, engine.prepared) == ([], [])
    build(["small"], ["onnx", "torch", "savedmodel"])
    assert engine.steps == ["export small torch", "convert small savedmodel"]


def test_a_converter_gets_the_onnx_that_it_needs(engine: Bench) -> None:
    build(["small"], ["tflite"])
    assert engine.steps == ["export small onnx", "convert small tflite"]


def test_a_damaged_artifact_is_made_again(engine: Bench, tmp_path: Path) -> None:
    build(["small"], ["onnx"])
    (path,) = (tmp_path / "store" / "blobs").glob("*/small.onnx")
    path.write_text("damaged")
    engine.steps.clear()
    build(["small"], ["onnx"])
    assert engine.steps == ["export small onnx"]
    assert path.read_text() == "small as onnx"


def test_one_that_fails_keeps_its_message_and_not_the_others(engine: Bench, tmp_path: Path) -> None:
    engine.failing = "convert small"
    with pytest.raises(models.ModelBuildError, match="small as tflite could not be made") as error:
        build(["small", "large"], ["tflite"])
    assert "ValueError: operator Foo is not supported" in str(error.value)
    assert (tmp_path / "store" / "logs" / "small-convert.log").read_text().startswith("noise")
    assert engine.steps[-1] == "convert large tflite"
    assert json.loads(next((tmp_path / "store" / "index" / "large").iterdir()).read_text())["artifacts"]


def test_without_onnx_nothing_is_converted(engine: Bench) -> None:
    engine.failing = "export small"
    with pytest.raises(models.ModelBuildError, match="no onnx to begin with"):
        build(["small"], ["tflite"])
    assert engine.steps == ["export small onnx"]
