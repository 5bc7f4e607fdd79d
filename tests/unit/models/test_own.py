"""Models that users bring, on bench's side: nothing of a file is looked into, and what the step says is passed on."""

import io
import json
from pathlib import Path
from typing import ClassVar

import pytest
from rich.console import Console

from bench.errors import ConfigError
from bench.kind import Kind
from bench.making import own
from bench.making.recipe import Recipes
from bench.making.steps import Step
from bench.making.store import Store
from bench.matrix.config import load_matrix
from bench.plan import Cell, Selection, make_plan

from .source import INPUTS, OUTPUTS, write_sources

MATRIX = load_matrix()


class Reader:
    """In the place of the containers: says what the test wants said of a file."""

    code, said = 0, ""
    steps: ClassVar[list[Step]] = []

    def __init__(self, engine: object, **_limits: object) -> None:
        pass

    def prepare(self, name: str) -> None:
        assert name == "add"

    def run(self, step: Step, out: Path) -> tuple[int, str]:
        self.steps.append(step)
        if self.code:
            return self.code, self.said
        given = step.given["file"]
        (out / f"{step.model}{given.suffix}").write_bytes(given.read_bytes())
        (out / "reference.npz").write_text(f"reference of {step.model}")
        form = given.suffix[1:]
        artifact = {"format": form, "precision": "fp32", "file": f"{step.model}.{form}", "axes": None, "parity": {}}
        made = {
            "params": 6, "macs": None, "inputs": INPUTS, "outputs": OUTPUTS, "sensitivity": {}, "artifacts": [artifact],
            "reference": {"file": "reference.npz", "seeds": [0, 1], "by": "onnxruntime 1.32.0"},
        }  # fmt: skip
        (out / "made.json").write_text(json.dumps(made))
        return 0, ""


@pytest.fixture
def store(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Store:
    """An empty store, and no engine."""
    recipes = write_sources(tmp_path / "models")
    made = Store(tmp_path / "store", Recipes(recipes))
    monkeypatch.setattr(own, "Containers", Reader)
    monkeypatch.setattr(own.engines, "connect", lambda: None)
    monkeypatch.setattr(own, "model_store", lambda: tmp_path / "store")
    monkeypatch.setattr(own, "Store", lambda root: Store(root, Recipes(recipes)))
    monkeypatch.setattr(Reader, "code", 0)
    monkeypatch.setattr(Reader, "steps", [])
    return made


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A file that only the step could read."""
    path = tmp_path / "mine.onnx"
    path.write_bytes(b"\x80\x04 what a pickle begins with: nobody here looks")
    return path


def add(file: Path, name: str = "mine", **options: object) -> None:
    own.add(name, file, own.Options(**options), MATRIX, Console(file=io.StringIO()))  # type: ignore[arg-type]


def test_a_file_becomes_a_model_with_its_own_key(store: Store, file: Path) -> None:
    add(file, shapes={"x": [1, 3]}, ranges={"ids": [0, 9]}, batch=1)
    (step,) = Reader.steps
    assert step.command("/out", {"file": "/in/file/model.onnx"})[4:] == [
        "--file=/in/file/model.onnx", "--input-shape=x=1,3", "--input-range=ids=0,9", "--batch=1",
    ]  # fmt: skip
    assert store.own() == ["mine"]
    found = store.find("mine", "onnx", "fp32")
    assert found is not None
    assert found.path.read_bytes() == file.read_bytes()
    assert list(store.verify()) == []


def test_it_stays_when_sources_change_and_what_was_made_of_it_does_not(store: Store, file: Path) -> None:
    add(file)
    with store.staging() as folder:
        (folder / "mine.tflite").write_text("converted")
        entry = {"format": "tflite", "precision": "fp32", "file": "mine.tflite", "axes": None, "parity": {}}
        store.record("mine", folder, {"artifacts": [entry]})
    (store.recipes.folder / "export" / "requirements.txt").write_text("torch==2\n")
    again = Store(store.root, Recipes(store.recipes.folder))
    assert again.find("mine", "onnx", "fp32")
    assert again.find("mine", "tflite", "fp32")
    (store.recipes.folder / "convert" / "requirements.txt").write_text("tensorflow==2\n")
    again = Store(store.root, Recipes(store.recipes.folder))
    assert again.find("mine", "onnx", "fp32")
    assert again.find("mine", "tflite", "fp32") is None


@pytest.mark.parametrize(
    ("code", "said", "told"),
    [
        (3, "a warning\nrefused: the operator Foo is not of ONNX\n", "mine.onnx: the operator Foo is not of ONNX"),
        (139, "", "ended by signal 11: the file is damaged"),
        (137, "", "takes more than 6 GiB of memory"),
        (1, "Traceback …\nValueError: what nobody foresaw\n", "ValueError: what nobody foresaw"),
    ],
)
def test_what_is_not_taken_says_which_file_and_why(
    store: Store, file: Path, monkeypatch: pytest.MonkeyPatch, code: int, said: str, told: str
) -> None:
    monkeypatch.setattr(Reader, "code", code)
    monkeypatch.setattr(Reader, "said", said)
    with pytest.raises(ConfigError) as error:
        add(file)
    assert told in str(error.value)
    assert str(file) in str(error.value)
    assert store.own() == []
    assert list((store.root / "staging").iterdir()) == []


@pytest.mark.parametrize("name", ["Mine", "../mine", "", "a" * 65, "resnet-18"])
def test_a_name_that_cannot_be_is_refused(store: Store, file: Path, name: str) -> None:
    with pytest.raises(ConfigError):
        add(file, name)
    assert Reader.steps == []


def test_a_file_that_is_none_is_refused(store: Store, tmp_path: Path) -> None:
    (tmp_path / "empty.onnx").touch()
    (tmp_path / "weights.pt").write_text("pickle")
    (tmp_path / "folder.onnx").mkdir()
    for name in ("empty.onnx", "weights.pt", "folder.onnx", "missing.tflite"):
        with pytest.raises(ConfigError, match=name):
            add(tmp_path / name)
    assert Reader.steps == []


def test_another_file_under_a_name_that_is_taken_is_refused(store: Store, file: Path) -> None:
    add(file)
    add(file)  # the same once more is no other
    file.write_text("another")
    with pytest.raises(ConfigError, match="another model 'mine' already"):
        add(file)
    with pytest.raises(ConfigError, match="another model 'mine' already"):
        add(file, batch=2)


def test_removing_leaves_nothing_of_it_and_everything_else(store: Store, file: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.onnx"
    other.write_bytes(file.read_bytes())
    add(file)
    add(other, "other")  # the very same bytes
    store.fail("mine", Kind("tflite", "fp32"), "no")
    own.remove("mine")
    assert store.own() == ["other"]
    assert store.manifest("mine") is None
    found = store.find("other", "onnx", "fp32")
    assert found is not None
    assert found.is_intact()
    own.remove("other")
    assert list((store.root / "blobs").iterdir()) == []
    with pytest.raises(ConfigError, match="no model 'other' was added"):
        own.remove("other")
    with pytest.raises(ConfigError, match="no model 'resnet-18' was added"):
        own.remove("resnet-18")


def test_it_is_planned_where_there_is_an_artifact_and_said_where_there_is_none(store: Store, file: Path) -> None:
    add(file)
    matrix = own.with_own(MATRIX, store)
    selection = Selection(device="host", models=["mine"], arms=("container",))
    made = make_plan(matrix, selection, own.refusals(store, matrix))
    assert {cell.framework for cell in made.cells} == {"onnxruntime", "openvino", "opencv", "movidius"}
    assert "bench models build mine --format ncnn" in made.skipped["host/ncnn/mine/fp32"]
    store.fail("mine", Kind("tflite", "fp32"), "ValueError: no such operator")
    refusal = own.refusals(store, matrix)(Cell("host", "tflite", "mine", "fp32"))
    assert refusal == "mine cannot be made as tflite/fp32: ValueError: no such operator"


def test_the_precision_of_the_file_is_what_is_planned(store: Store, file: Path) -> None:
    add(file)
    matrix = own.with_own(MATRIX, store)
    brought = matrix.models["mine"].brought
    assert brought is not None
    half = matrix.models["mine"].model_copy(update={"brought": brought.model_copy(update={"precision": "int8"})})
    matrix = matrix.model_copy(update={"models": {"mine": half}})
    made = make_plan(matrix, Selection(device="host", frameworks=["onnxruntime", "tflite"]))
    assert {cell.precision for cell in made.cells} == {"int8"}
