"""The networks and their artifacts, made by the real images."""

import io
import json
import os
from pathlib import Path

import docker
import pytest
from rich.console import Console

from bench.artifacts import build
from bench.artifacts.build import ModelBuildError
from bench.artifacts.recipe import STEPS, Recipes
from bench.artifacts.steps import RUN
from bench.artifacts.store import Store
from bench.core.matrix.artifact_kind import Kind
from bench.core.matrix.parity_bounds import BOUNDS, outside
from bench.core.matrix.schema import load_matrix
from bench.core.paths import PROJECT, model_store
from bench.images import bake, local
from bench.images.engine import LABEL
from models import catalog
from tests.conftest import kinds_under_test, models_under_test
from tests.support.counts import COUNTS
from tests.support.edgetpu_compiler import write_compiler
from tests.support.in_image import IN_IMAGE

pytestmark = pytest.mark.engine

NETWORKS = {name: entry for name, entry in catalog.load().items() if name in models_under_test()}
KINDS = kinds_under_test()
USELESS = build.unusable_kinds(load_matrix(), list(NETWORKS), KINDS)
SMALL = ("cifarnet", "mobilenet-v2")  # those that are made in every precision, the others in float32 alone
MADE = [
    (name, kind)
    for name in NETWORKS
    for kind in KINDS
    if (name, kind) not in USELESS and (kind.precision == "fp32" or name in SMALL)
]
EXPORT = f"edgebench/models-export:{local.native_platform()}"


@pytest.fixture(scope="module")
def store(engine: docker.DockerClient) -> Store:
    """The user's own store, with all that is tested: what is missing is made by the first test that asks."""
    quiet = Console(file=io.StringIO())
    build.build(list(NETWORKS), [kind for kind in KINDS if kind.precision == "fp32"], quiet)
    build.build([name for name in SMALL if name in NETWORKS], KINDS, quiet)
    assert engine.containers.list(all=True, filters={"label": f"{LABEL}={RUN}"}) == []
    return Store(model_store())


def run_export(engine: docker.DockerClient, *command: str) -> str:
    """Run something inside the image that exports, with the sources and these tests mounted: what it prints."""
    said = engine.containers.run(
        EXPORT,
        list(command),
        mounts=[
            docker.types.Mount("/project/models", str(PROJECT / "models"), type="bind", read_only=True),
            docker.types.Mount("/tests", str(IN_IMAGE), type="bind", read_only=True),
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
        assert 0.05 < layer["std"] < 40, layer  # the sums of a hundred layers' shortcuts are the largest
        assert layer["denormals"] == 0, layer
    assert facts["denormal_weights"] == 0


def test_outputs_spread_over_about_ten(facts: dict) -> None:
    assert [answer["shape"] for answer in facts["outputs"]] == COUNTS[facts["name"]][2]
    for answer in facts["outputs"]:
        assert 1.5 < answer["std"] < 8
        assert -30 < answer["min"] < -3
        assert 3 < answer["max"] < 30


@pytest.mark.parametrize("name", NETWORKS)
def test_counts_and_shapes_are_in_the_index(store: Store, name: str) -> None:
    manifest = store.manifest(name)
    assert manifest is not None
    params, macs, shapes = COUNTS[name]
    assert (manifest["params"], manifest["macs"]) == (params, macs)
    assert manifest["inputs"] == [{"name": "input", "shape": list(NETWORKS[name].input), "dtype": "float32"}]
    names = ["output"] if len(shapes) == 1 else [f"output_{place}" for place in range(len(shapes))]
    assert manifest["outputs"] == [
        {"name": name, "shape": shape, "dtype": "float32"} for name, shape in zip(names, shapes, strict=True)
    ]


def test_multiply_accumulates_of_every_operator_that_has_any(engine: docker.DockerClient) -> None:
    bake.build(["models-export"])
    assert json.loads(run_export(engine, "/tests/macs_of_nodes.py")) == {
        "convolution": 16 * 6 * 6 * 3 * 3 * 3,
        "grouped convolution": 4 * 6 * 6 * 3 * 3,
        "convolution in three dimensions": 8 * 2 * 3 * 3 * 2 * 3 * 3 * 3,
        "transposed convolution": 6 * 4 * 4 * 5 * 2 * 2,
        "fully connected": 7 * 10,
        "transposed first": 7 * 10,
        "matrix product of tokens": 5 * 12 * 4,
        "attention": 3 * 5 * 5 * 4,
        "activation": 0,
    }


def test_pytorch_counts_the_same_of_all_networks(engine: docker.DockerClient) -> None:
    """Also of those that no test makes."""
    bake.build(["models-export"])
    found = json.loads(run_export(engine, "/tests/all_counts.py"))
    assert {name: tuple(counts) for name, counts in found.items()} == COUNTS


@pytest.mark.parametrize("name", NETWORKS)
def test_outputs_depend_on_the_input_by_far_more_than_parity_allows(store: Store, name: str) -> None:
    manifest = store.manifest(name)
    assert manifest is not None
    assert set(manifest["sensitivity"]) == {"other_input", "zero_input", "transposed_input"}
    # A hundred times what float32 is allowed, and beyond what int8 is.
    assert min(manifest["sensitivity"].values()) > max(100 * BOUNDS["fp32"]["max_rel"], 1.2 * BOUNDS["int8"]["max_rel"])


def computes_bfloat16_only() -> bool:
    """Whether this CPU has bfloat16 and no half precision, as the kernel lists its features (x86 alone)."""
    features = set(Path("/proc/cpuinfo").read_text().split())
    return bool(features & {"avx512_bf16", "amx_bf16"}) and not features & {"avx512_fp16", "amx_fp16"}


@pytest.mark.parametrize(("name", "kind"), MADE, ids=lambda each: str(each))
def test_every_artifact_agrees_with_pytorch(store: Store, name: str, kind: Kind) -> None:
    manifest = store.manifest(name)
    artifact = store.find(name, *kind)
    assert manifest is not None
    assert artifact is not None
    assert artifact.is_intact()
    axes = [0, *range(2, len(NETWORKS[name].input)), 1]
    assert artifact.axes == ([axes] if kind.format in STEPS["convert"] else None)
    (parity,) = [entry["parity"] for entry in manifest["artifacts"] if (entry["format"], entry["precision"]) == kind]
    if kind == Kind("openvino", "fp16") and computes_bfloat16_only():
        # OpenVINO takes bfloat16 where the CPU has it and no arithmetic in half: 8 bits of precision in place of 11.
        assert parity["max_rel"] < 8 * BOUNDS["fp16"]["max_rel"]
        assert parity["cosine"] > 0.99
    else:
        assert outside(kind.precision, parity) is None
    if kind.precision == "fp32":
        assert parity["max_rel"] < 1e-4, "a tenth of what a launch is allowed"
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


REPEATED = [kind for kind in KINDS if kind.format != "tvm" and ("cifarnet", kind) in MADE]  # tuning is measuring


@pytest.fixture(scope="module")
def remade(engine: docker.DockerClient, tmp_path_factory: pytest.TempPathFactory) -> Store:
    """A second store with one network, on a machine that has a compiler for the Edge TPU: a stand-in for Google's."""
    root = tmp_path_factory.mktemp("remade")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(build, "model_store", lambda: root / "store")
        patch.setenv("PATH", f"{write_compiler(root)}:{os.environ['PATH']}")
        build.build(["cifarnet"], [*REPEATED, Kind("edgetpu", "int8")], Console(file=io.StringIO()))
    return Store(root / "store")


def test_the_same_sources_make_the_same_bytes(store: Store, remade: Store) -> None:
    for kind in REPEATED:
        first, second = store.find("cifarnet", *kind), remade.find("cifarnet", *kind)
        assert first is not None
        assert second is not None
        assert (kind, first.sha256, first.reference_sha256) == (kind, second.sha256, second.reference_sha256)


def test_where_its_compiler_is_found_a_model_is_compiled_for_the_edge_tpu(remade: Store) -> None:
    made = remade.find("cifarnet", "edgetpu", "int8")
    assert made is not None
    assert made.path.name == "cifarnet_edgetpu.tflite"
    assert b"edgetpu-custom-op" in made.path.read_bytes()
    assert made.axes == [[0, 2, 3, 1]]
    assert made.parity["with"].endswith(", before it was compiled")


def test_a_network_that_fails_says_why(
    engine: docker.DockerClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file that is no ONNX: the converter's own words come through, and nothing is left behind."""
    monkeypatch.setattr(build, "model_store", lambda: tmp_path)
    build.build(["cifarnet"], [Kind("onnx", "fp32")], Console(file=io.StringIO()))
    store = Store(tmp_path, Recipes())
    with store.staging() as folder:
        (folder / "cifarnet.onnx").write_text("no model")
        broken = {"format": "onnx", "precision": "fp32", "file": "cifarnet.onnx", "axes": None, "parity": {}}
        store.record("cifarnet", folder, {"artifacts": [broken]})
    with pytest.raises(ModelBuildError, match="cifarnet as tflite/fp32 could not be made") as error:
        build.build(["cifarnet"], [Kind("tflite", "fp32")], Console(file=io.StringIO()))
    assert "DecodeError" in str(error.value)
    assert engine.containers.list(all=True, filters={"label": f"{LABEL}={RUN}"}) == []
    assert list((tmp_path / "staging").iterdir()) == []
