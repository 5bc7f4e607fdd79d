"""Models that users bring, on bench's side: nothing of a file is looked into, and what the step says is passed on."""

import io
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import ClassVar

import pytest
from rich.console import Console

from bench.artifacts import user_models
from bench.artifacts.recipe import Recipes
from bench.artifacts.steps import Step
from bench.artifacts.store import Store
from bench.cli.models import tables
from bench.core.errors import ConfigError, HostError
from bench.core.matrix.artifact_kind import Kind
from bench.core.matrix.plan import Cell, Selection, make_plan
from bench.core.matrix.schema import load_matrix
from bench.verification.catalogue import detail, overview
from tests.support.model_sources import INPUTS, OUTPUTS, write_sources

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
    recipes = write_sources(tmp_path)
    made = Store(tmp_path / "store", Recipes(recipes))
    monkeypatch.setattr(user_models, "ContainerStepRunner", Reader)
    monkeypatch.setattr(user_models.engines, "connect", lambda: None)
    monkeypatch.setattr(user_models, "model_store", lambda: tmp_path / "store")
    monkeypatch.setattr(user_models, "Store", lambda root: Store(root, Recipes(recipes)))
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
    user_models.add(name, file, user_models.Options(**options), MATRIX, Console(file=io.StringIO()))  # type: ignore[arg-type]


def test_a_file_becomes_a_model_with_its_own_key(store: Store, file: Path) -> None:
    add(file, shapes={"x": [1, 3]}, ranges={"ids": [0, 9]}, batch=1)
    (step,) = Reader.steps
    assert step.command("/out", {"file": "/in/file/model.onnx"})[4:] == [
        "--file=/in/file/model.onnx", "--input-shape=x=1,3", "--input-range=ids=0,9", "--batch=1",
    ]  # fmt: skip
    assert store.user_models() == ["mine"]
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
        (124, "", "takes more than 900 s"),
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
    assert store.user_models() == []
    assert list((store.root / "staging").iterdir()) == []


def test_work_that_was_not_counted_is_left_blank(store: Store, file: Path) -> None:
    add(file)
    add(file, "another")
    matrix = user_models.with_user_models(MATRIX, store)
    rows = overview(matrix, store)[-2:]
    assert [(row["macs"], row["flop_per_param"]) for row in rows] == [(None, None)] * 2
    said = io.StringIO()
    Console(file=said).print(tables.counts(detail("mine", matrix, store, None), None))
    assert said.getvalue().splitlines()[1].split() == ["us,", "from", "the", "file", "0.00", "M"]


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
    user_models.remove("mine")
    assert store.user_models() == ["other"]
    assert store.manifest("mine") is None
    found = store.find("other", "onnx", "fp32")
    assert found is not None
    assert found.is_intact()
    user_models.remove("other")
    assert list((store.root / "blobs").iterdir()) == []
    with pytest.raises(ConfigError, match="no model 'other' was added"):
        user_models.remove("other")
    with pytest.raises(ConfigError, match="no model 'resnet-18' was added"):
        user_models.remove("resnet-18")


def test_it_is_planned_where_there_is_an_artifact_and_said_where_there_is_none(store: Store, file: Path) -> None:
    add(file)
    matrix = user_models.with_user_models(MATRIX, store)
    selection = Selection(device="host", models=["mine"], arms=("container",))
    made = make_plan(matrix, selection, user_models.refusals(store, matrix))
    assert {cell.framework for cell in made.cells} == {"onnxruntime", "openvino", "opencv", "movidius"}
    assert "bench models build mine --format ncnn" in made.skipped["host/ncnn/mine/fp32"]
    store.fail("mine", Kind("tflite", "fp32"), "ValueError: no such operator")
    refusal = user_models.refusals(store, matrix)(Cell("host", "tflite", "mine", "fp32"))
    assert refusal == "mine cannot be made as tflite/fp32: ValueError: no such operator"


def spoil_file(store: Store) -> None:
    found = store.find("mine", "onnx", "fp32")
    assert found is not None
    found.path.unlink()


def spoil_index(store: Store) -> None:
    (path,) = (store.root / "index" / "mine").iterdir()
    path.unlink()


def spoil_artifacts(store: Store) -> None:
    (path,) = (store.root / "index" / "mine").iterdir()
    path.write_text(json.dumps({**json.loads(path.read_text()), "artifacts": []}))


def spoil_answers(store: Store) -> None:
    found = store.find("mine", "onnx", "fp32")
    assert found is not None
    found.reference.unlink()


def spoil_key(store: Store) -> None:
    (store.root / "own" / "mine.json").write_text('{"schema": 2, "file": "mine.onnx"}')


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        (spoil_file, "mine was added, and its file mine.onnx is missing in the store"),
        (spoil_artifacts, "mine was added, and its file mine.onnx is missing in the store"),
        (spoil_index, "mine was added, and there is no index of it in the store"),
        (spoil_answers, "mine was added, and the answers that it is compared with are missing in the store"),
        (spoil_key, "own/mine.json does not say its key"),
    ],
)
def test_what_is_missing_of_a_model_is_told_and_adding_it_again_mends_it(
    store: Store, file: Path, tmp_path: Path, spoil: Callable[[Store], None], told: str
) -> None:
    other = tmp_path / "other.tflite"
    other.write_text("another")
    add(file)
    add(other, "other")
    spoil(store)
    said = io.StringIO()
    matrix = user_models.with_user_models(MATRIX, store, say=Console(file=said))
    assert matrix.models.keys() - MATRIX.models.keys() == {"other"}
    assert told in said.getvalue()
    assert "bench models pull mine --registry R, or bench models add mine --file" in said.getvalue()
    assert "mine" not in user_models.with_user_models(MATRIX, store, ["other"]).models
    with pytest.raises(HostError, match=told) as error:
        user_models.with_user_models(MATRIX, store, ["other", "mine"])
    assert "bench models pull mine" in (error.value.hint or "")
    add(file)
    assert "mine" in user_models.with_user_models(MATRIX, store, ["mine"]).models
    assert list(store.verify()) == []


def test_what_is_missing_keeps_no_model_from_being_removed(store: Store, file: Path) -> None:
    add(file)
    spoil_key(store)
    user_models.remove("mine")
    assert store.user_models() == []
    assert list((store.root / "blobs").iterdir()) == []


def test_commands_say_what_is_missing_without_a_traceback(store: Store, file: Path, tmp_path: Path) -> None:
    add(file)
    spoil_file(store)
    (tmp_path / "cache").mkdir()
    store.root.rename(tmp_path / "cache" / "models")

    def bench(*words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run([sys.executable, "-m", "bench.cli.app", *words], capture_output=True, text=True,
                              env={"PATH": "/usr/bin:/bin", "EDGEBENCH_CACHE": str(tmp_path / "cache")})  # fmt: skip

    listed = bench("models", "list", "--json")
    assert listed.returncode == 0
    assert {row["name"] for row in json.loads(listed.stdout)} == MATRIX.models.keys()
    assert "left out: mine was added, and its file mine.onnx is missing" in listed.stderr
    for words in (
        ("models", "show", "mine"),
        ("models", "build", "mine", "--format", "ncnn"),
        ("models", "check", "mine"),
        ("models", "table", "mine"),
        ("models", "push", "mine", "--registry", "127.0.0.1:1"),
        ("matrix", "plan", "--device", "host", "--model", "mine"),
    ):
        done = bench(*words)
        assert done.returncode == 3, done.stderr
        assert "error: mine was added, and its file mine.onnx is missing" in done.stderr
        assert "bench models pull mine" in done.stderr
        assert "Traceback" not in done.stderr


def test_the_precision_of_the_file_is_what_is_planned(store: Store, file: Path) -> None:
    add(file)
    matrix = user_models.with_user_models(MATRIX, store)
    brought = matrix.models["mine"].brought
    assert brought is not None
    half = matrix.models["mine"].model_copy(update={"brought": brought.model_copy(update={"precision": "int8"})})
    matrix = matrix.model_copy(update={"models": {"mine": half}})
    made = make_plan(matrix, Selection(device="host", frameworks=["onnxruntime", "tflite"]))
    assert {cell.precision for cell in made.cells} == {"int8"}
