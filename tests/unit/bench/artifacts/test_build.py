"""Which steps are run for what is asked, and what becomes of a step that fails. Nothing is started."""

import io
import json
from pathlib import Path
from types import SimpleNamespace

import pytest
from rich.console import Console

from bench.artifacts import build as module
from bench.artifacts.recipe import Recipes
from bench.artifacts.steps import Step
from bench.artifacts.store import Store
from bench.core.errors import HostError
from bench.core.matrix.artifact_kind import Kind
from bench.core.matrix.parity_bounds import outside
from bench.core.matrix.plan import Cell
from bench.verification.verify import describe
from tests.support.model_sources import PARITY, write_made, write_sources


class Bench:
    """Stands in for the step runner: notes each step and makes what it should, or fails where it is told to."""

    apart = True

    def __init__(self) -> None:
        self.steps: list[str] = []
        self.prepared: list[str] = []
        self.failing = ""  # the step and model that ends badly
        self.refused = ""  # the format that steps say they cannot make
        self.parity = PARITY  # what steps find of what they make
        self.code = 1  # with which a step that fails ends
        self.user_models: list[str] = []  # the models whose steps read what a user brought

    def prepare(self, name: str) -> None:
        self.prepared.append(name)

    def run(self, step: Step, out: Path) -> tuple[int, str]:
        said = f"{step.name} {step.model} {' '.join(map(str, step.kinds))}"
        self.steps.append(said)
        self.user_models += [step.model] if step.reads_user_file else []
        if self.failing and said.startswith(self.failing):
            return self.code, "noise\nValueError: operator Foo is not supported\n"
        assert set(step.given) == (set() if step.name == "export" else {"model", "inputs", "reference"})
        formats = [kind.format for kind in step.kinds]
        defines = step.name == "export"
        made = write_made(
            out, step.model, formats, defines=defines, precision=step.kinds[0].precision, failed=self.refused
        )
        for entry in made["artifacts"]:
            entry["parity"] = self.parity
        (out / "made.json").write_text(json.dumps(made))
        return 0, ""


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Bench:
    """The stand-in, with a store and sources of the test's own."""
    fake = Bench()
    recipes = write_sources(tmp_path)
    monkeypatch.setattr(module, "find_step_runner", lambda _progress: fake)
    monkeypatch.setattr(module, "Store", lambda root: Store(root, Recipes(recipes)))
    monkeypatch.setattr(module, "model_store", lambda: tmp_path / "store")
    return fake


def build(names: list[str], formats: list[str], *, again: bool = True) -> str:
    said = io.StringIO()
    kinds = [Kind(*each.split("/")) if "/" in each else Kind(each, "fp32") for each in formats]
    module.build(names, kinds, Console(file=said, width=200), again=again)
    return said.getvalue()


def test_only_what_is_asked_for_is_made(engine: Bench) -> None:
    said = build(["small"], ["onnx"])
    assert engine.steps == ["export small onnx/fp32"]
    assert engine.prepared == ["export"]  # the demo does not wait for the converter's image
    assert said == (
        "models: export small (onnx/fp32)\n"
        "models: small onnx/fp32: agrees, off by 1.0e-06, cosine 1.00000, top-1 1 of 1\n"
    )


def test_what_is_there_is_left_alone(engine: Bench) -> None:
    build(["small", "large"], ["onnx", "tflite"])
    assert engine.steps == [
        "export small onnx/fp32",
        "export large onnx/fp32",
        "convert small tflite/fp32",
        "convert large tflite/fp32",
    ]
    engine.steps.clear()
    engine.prepared.clear()
    assert build(["small", "large"], ["onnx", "tflite"]) == ""
    assert (engine.steps, engine.prepared) == ([], [])
    build(["small"], ["onnx", "torch", "savedmodel"])
    assert engine.steps == ["export small torch/fp32", "convert small savedmodel/fp32"]


def test_a_converter_gets_the_onnx_that_it_needs(engine: Bench) -> None:
    build(["small"], ["tflite"])
    assert engine.steps == ["export small onnx/fp32", "convert small tflite/fp32"]


def test_a_damaged_artifact_is_made_again(engine: Bench, tmp_path: Path) -> None:
    build(["small"], ["onnx"])
    (path,) = (tmp_path / "store" / "blobs").glob("*/small.onnx")
    path.write_text("damaged")
    engine.steps.clear()
    build(["small"], ["onnx"])
    assert engine.steps == ["export small onnx/fp32"]
    assert path.read_text() == "small as onnx"


def test_one_that_fails_keeps_its_message_and_not_the_others(engine: Bench, tmp_path: Path) -> None:
    engine.failing = "convert small"
    with pytest.raises(module.ModelBuildError, match="small as tflite/fp32 could not be made") as error:
        build(["small", "large"], ["tflite"])
    assert "ValueError: operator Foo is not supported" in str(error.value)
    assert (tmp_path / "store" / "logs" / "small-convert.log").read_text().startswith("noise")
    assert engine.steps[-1] == "convert large tflite/fp32"
    assert json.loads(next((tmp_path / "store" / "index" / "large").iterdir()).read_text())["artifacts"]


def test_what_one_kind_lacks_keeps_no_other_from_being_made_and_its_reason_is_kept(
    engine: Bench, tmp_path: Path
) -> None:
    engine.refused = "tflite"
    with pytest.raises(module.ModelBuildError, match="small as tflite/fp32 could not be made: ValueError: no such"):
        build(["small"], ["tflite", "savedmodel"])
    store = Store(tmp_path / "store", Recipes(tmp_path / "models"))
    assert store.find("small", "savedmodel", "fp32")
    assert store.failure("small", Kind("tflite", "fp32")) == "ValueError: no such operator"
    assert store.failure("small", Kind("savedmodel", "fp32")) is None
    engine.steps.clear()
    build(["small"], ["tflite", "savedmodel"], again=False)  # what failed is not tried once more
    assert engine.steps == []
    engine.refused = ""
    build(["small"], ["tflite"])
    assert store.find("small", "tflite", "fp32")


def test_a_failure_is_forgotten_when_the_step_is_changed(engine: Bench, tmp_path: Path) -> None:
    engine.refused = "tflite"
    with pytest.raises(module.ModelBuildError):
        build(["small"], ["tflite"])
    (tmp_path / "models" / "convert" / "requirements.txt").write_text("tensorflow==2\n")
    assert Store(tmp_path / "store", Recipes(tmp_path / "models")).failure("small", Kind("tflite", "fp32")) is None


def test_precisions_are_made_by_the_step_that_knows_them(engine: Bench) -> None:
    build(["small"], ["onnx/int8", "openvino/fp16", "tflite/int8"])
    assert engine.steps == [
        "export small onnx/fp32",
        "convert small tflite/int8",
        "onnxruntime small onnx/int8",
        "openvino small openvino/fp16",
    ]


def test_what_differs_is_said_as_a_check_says_it_and_stays(engine: Bench, tmp_path: Path) -> None:
    build(["small"], ["onnx"])
    engine.parity = PARITY | {"max_rel": 0.76, "cosine": 0.8, "top1": False, "agree": 0}
    said = build(["small"], ["onnx/int8"])
    assert said.splitlines()[-1] == (
        "models: small onnx/int8: differs, off by 7.6e-01, cosine 0.80000, top-1 0 of 1: "
        "off by 0.76 of the reference's range, and int8 may be 0.6"
    )
    wrong = outside("int8", engine.parity)
    verdict = SimpleNamespace(status="differs", message=wrong, parity=engine.parity, limits="")
    assert describe(Cell("host", "onnxruntime", "small", "int8"), verdict).partition(": ")[2] in said
    store = Store(tmp_path / "store", Recipes(tmp_path / "models"))
    assert store.find("small", "onnx", "int8")
    assert build(["small"], ["onnx/int8"]) == ""  # nor is it made again


def bring(tmp_path: Path) -> None:
    """Take over a model as the user's own."""
    store = Store(tmp_path / "store", Recipes(tmp_path / "models"))
    with store.staging() as folder:
        store.record("mine", folder, write_made(folder, "mine", ["onnx"]), own={"key": "a key", "file": "mine.onnx"})


def test_the_step_runner_knows_what_a_user_brought(engine: Bench, tmp_path: Path) -> None:
    bring(tmp_path)
    build(["small", "mine"], ["tflite"])
    assert engine.steps == ["export small onnx/fp32", "convert small tflite/fp32", "convert mine tflite/fp32"]
    assert engine.user_models == ["mine"]


def test_a_user_s_model_that_takes_too_much_memory_is_told_how_much_there_is(engine: Bench, tmp_path: Path) -> None:
    bring(tmp_path)
    engine.failing, engine.code = "convert", 137
    with pytest.raises(module.ModelBuildError) as error:
        build(["small", "mine"], ["tflite"])
    said = str(error.value)
    assert "mine as tflite/fp32 could not be made: out of memory: the converter was killed (a model of your own" in said
    assert said.count("may take 6 GiB") == 1


def test_without_an_engine_a_user_s_model_is_not_converted_and_others_are(engine: Bench, tmp_path: Path) -> None:
    bring(tmp_path)
    engine.apart = False
    with pytest.raises(HostError, match="a model of your own is converted in a container only: mine") as error:
        build(["mine"], ["tflite"])
    assert "make engine-up" in (error.value.hint or "")
    assert error.value.exit_code == 3
    assert (engine.steps, engine.prepared) == ([], [])
    build(["small"], ["tflite"])
    assert engine.steps == ["export small onnx/fp32", "convert small tflite/fp32"]
    assert build(["mine"], ["onnx"]) == ""  # it is there: nothing would be read


def test_without_onnx_nothing_is_converted(engine: Bench) -> None:
    engine.failing = "export small"
    with pytest.raises(module.ModelBuildError, match="no onnx/fp32 to begin with"):
        build(["small"], ["tflite"])
    assert engine.steps == ["export small onnx/fp32"]


@pytest.mark.parametrize(
    ("code", "said", "reason"),
    [
        (1, "loading\nValueError: no\n", "ValueError: no"),
        (134, "Check failed: too big\n*** Check failure stack trace: ***\n", "Check failed: too big"),
        (137, "loading\n", "out of memory: the converter was killed"),
        (3, "", "it ended with 3 and said nothing"),
    ],
)
def test_the_last_words_of_a_step_are_its_reason(code, said, reason):
    assert module.failure_reason(code, said) == reason
