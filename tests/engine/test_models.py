"""The networks and their artifacts, made by the real images."""

import io
import json
from pathlib import Path

import docker
import pytest
from rich.console import Console

from bench import bake, images, models
from bench.engine import LABEL
from bench.models import ModelBuildError
from bench.paths import PROJECT, model_store
from bench.prepare import BOUNDS
from bench.recipe import FORMATS, Recipes
from bench.steps import RUN
from bench.store import Store
from models import catalog

pytestmark = pytest.mark.engine

NETWORKS = catalog.load()
EXPORT = f"edgebench/models-export:{images.native_platform()}"
# Multiply-accumulates by hand: these must not change unseen.
MACS = {"cifarnet": 14_693_248, "resnet-18": 1_814_073_344, "resnet-50": 4_089_184_256, "mobilenet-v2": 300_774_272}


@pytest.fixture(scope="module")
def store(engine: docker.DockerClient) -> Store:
    """The user's own store, with every network in every format: what is missing is made by the first test that asks."""
    models.build(list(NETWORKS), list(FORMATS), Console(file=io.StringIO()))
    assert engine.containers.list(all=True, filters={"label": f"{LABEL}={RUN}"}) == []
    return Store(model_store())


def run_export(engine: docker.DockerClient, *command: str) -> str:
    """Run something inside the image that exports, with the sources and these tests mounted: what it prints."""
    said = engine.containers.run(
        EXPORT,
        list(command),
        mounts=[
            docker.types.Mount("/project/models", str(PROJECT / "models"), type="bind", read_only=True),
            docker.types.Mount("/tests", str(Path(__file__).parent), type="bind", read_only=True),
        ],
        environment={"PYTHONPATH": "/project"},
        labels={LABEL: RUN},
        network_mode="none",
        remove=True,
    )
    return said.decode()


@pytest.fixture(scope="module", params=NETWORKS)
def facts(request: pytest.FixtureRequest, engine: docker.DockerClient) -> dict:
    """What network_facts.py says of a network."""
    bake.build(["models-export"])
    said = run_export(engine, "/tests/network_facts.py", request.param)
    return {"name": request.param, **json.loads(said)}


def test_activations_stay_at_unit_scale(facts: dict) -> None:
    for layer in facts["layers"]:
        assert 0.05 < layer["std"] < 20, layer
        assert layer["denormals"] == 0, layer
    assert facts["denormal_weights"] == 0


def test_outputs_spread_over_about_ten(facts: dict) -> None:
    assert facts["shape"] == [1, NETWORKS[facts["name"]].classes]
    assert -20 < facts["min"] < -3
    assert 3 < facts["max"] < 20


def test_parameters_are_those_of_the_networks_own_papers(facts: dict) -> None:
    assert facts["params"] == facts["reference_params"]


@pytest.mark.parametrize("name", NETWORKS)
def test_counts_and_shapes_are_in_the_index(store: Store, name: str) -> None:
    manifest = store.manifest(name)
    assert manifest is not None
    assert (manifest["params"], manifest["macs"]) == (NETWORKS[name].params, MACS[name])
    assert manifest["inputs"] == [{"name": "input", "shape": list(NETWORKS[name].input), "dtype": "float32"}]
    assert manifest["outputs"] == [{"name": "output", "shape": [1, NETWORKS[name].classes], "dtype": "float32"}]


@pytest.mark.parametrize("name", NETWORKS)
def test_outputs_depend_on_the_input_by_far_more_than_parity_allows(store: Store, name: str) -> None:
    manifest = store.manifest(name)
    assert manifest is not None
    assert set(manifest["sensitivity"]) == {"other_input", "zero_input", "transposed_input"}
    assert min(manifest["sensitivity"].values()) > 100 * BOUNDS["fp32"]["max_rel"]


@pytest.mark.parametrize("kind", FORMATS)
@pytest.mark.parametrize("name", NETWORKS)
def test_every_artifact_agrees_with_pytorch(store: Store, name: str, kind: str) -> None:
    manifest = store.manifest(name)
    artifact = store.find(name, kind, "fp32")
    assert manifest is not None
    assert artifact is not None
    assert artifact.is_intact()
    assert artifact.axes == (None if kind in ("onnx", "torch") else [0, 2, 3, 1])
    (parity,) = [entry["parity"] for entry in manifest["artifacts"] if entry["format"] == kind]
    assert parity["max_rel"] < 1e-4  # a tenth of what a launch is allowed
    assert parity["cosine"] > BOUNDS["fp32"]["cosine"]
    assert parity["top1"] is True
    assert parity["with"]


def test_onnx_is_opset_13_and_names_no_place(store: Store, engine: docker.DockerClient) -> None:
    artifact = store.find("cifarnet", "onnx", "fp32")
    assert artifact is not None
    model = artifact.path.read_bytes()
    assert b"/project" not in model
    assert b".py" not in model
    code = "import onnx, sys; m = onnx.load('/in/m'); print(*{(o.domain, o.version) for o in m.opset_import})"
    said = engine.containers.run(
        EXPORT,
        ["-c", code],
        mounts=[docker.types.Mount("/in/m", str(artifact.path), type="bind", read_only=True)],
        labels={LABEL: RUN},
        network_mode="none",
        remove=True,
    )
    assert said.decode().strip() == "('', 13)"


def test_the_same_sources_make_the_same_bytes(store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(models, "model_store", lambda: tmp_path)
    models.build(["cifarnet"], list(FORMATS), Console(file=io.StringIO()))
    again = Store(tmp_path)
    for kind in FORMATS:
        first, second = store.find("cifarnet", kind, "fp32"), again.find("cifarnet", kind, "fp32")
        assert first is not None
        assert second is not None
        assert (kind, first.sha256, first.reference_sha256) == (kind, second.sha256, second.reference_sha256)


def test_a_network_that_fails_says_why(
    engine: docker.DockerClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file that is no ONNX: the converter's own words come through, and nothing is left behind."""
    monkeypatch.setattr(models, "model_store", lambda: tmp_path)
    models.build(["cifarnet"], ["onnx"], Console(file=io.StringIO()))
    store = Store(tmp_path, Recipes())
    with store.staging() as folder:
        (folder / "cifarnet.onnx").write_text("no model")
        broken = {"format": "onnx", "precision": "fp32", "file": "cifarnet.onnx", "axes": None, "parity": {}}
        store.record("cifarnet", folder, {"artifacts": [broken]})
    with pytest.raises(ModelBuildError, match="cifarnet as tflite could not be made") as error:
        models.build(["cifarnet"], ["tflite"], Console(file=io.StringIO()))
    assert "DecodeError" in str(error.value)
    assert engine.containers.list(all=True, filters={"label": f"{LABEL}={RUN}"}) == []
    assert list((tmp_path / "staging").iterdir()) == []
