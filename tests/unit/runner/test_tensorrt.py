"""The TensorRT adapter's logic, on a fake TensorRT and a fake CUDA (fake_nvidia.py): there is no card and no engine."""

import importlib
import sys

import numpy as np
import pytest

from runner import cuda, inputs
from tests.support.fake_nvidia import SHAPE, FakeCudart, fake_tensorrt, request_of


@pytest.fixture
def card():
    return FakeCudart()


@pytest.fixture(params=[False, True], ids=["8.2", "10"])
def adapter(request, card, monkeypatch):
    """The adapter with each kind of TensorRT, imported anew."""
    monkeypatch.setattr(cuda, "_find", lambda: card)
    monkeypatch.setitem(sys.modules, "tensorrt", fake_tensorrt(card, named=request.param))
    monkeypatch.delitem(sys.modules, "runner.adapters.tensorrt", raising=False)
    yield importlib.import_module("runner.adapters.tensorrt")
    del sys.modules["runner.adapters.tensorrt"]


@pytest.fixture
def model(tmp_path):
    path = tmp_path / "model.onnx"
    path.write_bytes(b"a model")
    return path


def test_it_says_the_versions_that_are_there_when_it_runs(adapter):
    found = adapter.version()
    assert found["tensorrt"] == adapter.tensorrt.__version__
    assert (found["cuda"], found["cuda-driver"]) == ("10.2", "12.3")
    assert found["numpy"]


def test_an_inference_goes_to_the_card_and_back(adapter, card, model):
    session = adapter.load(str(model), request_of())
    given = np.arange(6, dtype=np.float32).reshape(SHAPE)
    first = adapter.infer(session, [given])
    second = adapter.infer(session, [given + 1])
    np.testing.assert_array_equal(first[0], given * 2)  # the second inference has not overwritten the first's
    np.testing.assert_array_equal(second[0], (given + 1) * 2)
    assert card.waited == (2 if card.streams else 0)  # before 8.5 an execution waits by itself
    assert len(card.memory) == 2
    adapter.close(session)
    assert card.memory == {}
    assert card.streams == set()


@pytest.mark.parametrize(("precision", "said"), [("fp32", ("clear", "tf32")), ("fp16", ("set", "fp16"))])
def test_the_precision_that_is_asked_for_is_built(adapter, model, precision, said):
    adapter.load(str(model), request_of(precision=precision))
    config = adapter.tensorrt.config
    assert said in config.said
    workspace = getattr(config, "max_workspace_size", None) or dict(config.said)["workspace"]
    assert workspace == adapter.WORKSPACE


def test_int8_is_calibrated_on_the_card_by_seeded_inputs(adapter, card, model, monkeypatch):
    seen = []

    def build(self, network, config):  # as TensorRT: one batch after the other, until there is none
        while (addresses := config.int8_calibrator.get_batch(["input"])) is not None:
            seen.append(bytes(card.memory[addresses[0]]))
        assert config.int8_calibrator.get_batch_size() == SHAPE[0]
        assert config.int8_calibrator.read_calibration_cache() is None
        return b"engine of a model"

    monkeypatch.setattr(adapter.tensorrt.Builder, "build_serialized_network", build)
    adapter.load(str(model), request_of(precision="int8"))
    assert ("set", "int8") in adapter.tensorrt.config.said
    first = inputs.make(request_of()["inputs"], 2000)[0]
    assert seen[0] == first.tobytes()
    assert len(seen) == len(set(seen)) == 32
    assert len(card.memory) == 2  # the session's own: the calibrator gave its back


@pytest.mark.parametrize(
    ("text", "changes", "said"),
    [
        (b"unreadable", {}, "cannot read the model: no such operator"),
        (b"unbuildable", {}, "could not build"),
        (b"a model", {"inputs": [{"shape": [1, 9]}]}, "not "),
    ],
)
def test_what_cannot_be_run_is_refused(adapter, model, text, changes, said):
    model.write_bytes(text)
    with pytest.raises((RuntimeError, ValueError), match=said):
        adapter.load(str(model), request_of(**changes))


def test_an_engine_is_kept_where_that_is_asked_for(adapter, model, tmp_path):
    kept = tmp_path / "engines"
    kept.mkdir()
    wanted = request_of(options={"engines": str(kept)})
    adapter.load(str(model), wanted)
    adapter.load(str(model), wanted)
    assert adapter.tensorrt.built == 1
    assert [path.suffix for path in kept.iterdir()] == [".engine"]
    adapter.load(str(model), {**wanted, "precision": "fp16"})
    adapter.load(str(model), {**wanted, "artifact": {"sha256": "1" * 64}})
    assert adapter.tensorrt.built == 3


def test_a_call_that_fails_is_named(adapter, card, model):
    card.fails = "cudaMalloc"
    with pytest.raises(cuda.CudaError, match="cudaMalloc failed with 999"):
        adapter.load(str(model), request_of())


def test_without_cuda_the_adapter_is_missing_a_library(monkeypatch):
    monkeypatch.setattr(cuda, "NAMES", ("libnothing-of-this-name.so",))
    with pytest.raises(OSError, match="no CUDA runtime here"):
        cuda.Runtime()
