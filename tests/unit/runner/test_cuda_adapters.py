"""How adapters of CPU frameworks take an NVIDIA card, on fake frameworks: which calls are made, not what they do."""

import importlib
import os
import sys
from types import ModuleType, SimpleNamespace

import pytest

from tests.support.fake_nvidia import request_of


@pytest.fixture
def imported(monkeypatch):
    """Import an adapter with a fake in place of its framework."""
    names = []

    def load(name: str, fake: ModuleType) -> ModuleType:
        monkeypatch.setitem(sys.modules, fake.__name__, fake)
        monkeypatch.delitem(sys.modules, f"runner.adapters.{name}", raising=False)
        names.append(f"runner.adapters.{name}")
        return importlib.import_module(f"runner.adapters.{name}")

    monkeypatch.setenv("NVIDIA_TF32_OVERRIDE", "1")
    yield load
    for name in names:
        sys.modules.pop(name, None)


def fake_onnxruntime(available: list[str]) -> ModuleType:
    """ONNX Runtime that takes the first of the providers it has, and else the CPU's: as the real one does."""
    module = ModuleType("onnxruntime")

    class InferenceSession:
        def __init__(self, path: str, options: object, providers: list[str]) -> None:
            self.asked = providers

        def get_providers(self) -> list[str]:
            return [each for each in self.asked if each in available] + ["CPUExecutionProvider"]

        def get_inputs(self) -> list[object]:
            return [SimpleNamespace(name="input")]

    module.InferenceSession = InferenceSession
    module.SessionOptions = SimpleNamespace
    module.ExecutionMode = SimpleNamespace(ORT_SEQUENTIAL=0)
    return module


@pytest.mark.parametrize(
    ("changes", "provider"),
    [
        ({"device": "CPU"}, "CPUExecutionProvider"),
        ({}, "CUDAExecutionProvider"),
        ({"options": {"provider": "TensorrtExecutionProvider"}}, "TensorrtExecutionProvider"),
    ],
)
def test_onnxruntime_names_one_provider(imported, changes, provider):
    adapter = imported("onnxruntime", fake_onnxruntime(["CUDAExecutionProvider", "TensorrtExecutionProvider"]))
    session, names = adapter.load("model.onnx", request_of(**changes))
    assert session.asked == [provider]
    assert names == ["input"]
    assert os.environ["NVIDIA_TF32_OVERRIDE"] == ("1" if "device" in changes else "0")


def test_onnxruntime_that_falls_back_to_the_cpu_is_refused(imported):
    adapter = imported("onnxruntime", fake_onnxruntime([]))
    with pytest.raises(RuntimeError, match="no CUDAExecutionProvider here; it took CPUExecutionProvider"):
        adapter.load("model.onnx", request_of())


SIGNATURE = SimpleNamespace(structured_input_signature=((), {"input": None}), structured_outputs={"output_0": None})


def fake_tensorflow(cards: list[str], said: list[tuple]) -> ModuleType:
    """TensorFlow that finds these cards and writes down what it is told of them."""
    module = ModuleType("tensorflow")
    module.config = SimpleNamespace(
        threading=SimpleNamespace(
            set_intra_op_parallelism_threads=lambda count: None, set_inter_op_parallelism_threads=lambda count: None
        ),
        experimental=SimpleNamespace(set_memory_growth=lambda card, grows: said.append((card, grows))),
        list_physical_devices=lambda kind: cards,
        set_visible_devices=lambda devices, kind: said.append((kind, devices)),
    )
    module.saved_model = SimpleNamespace(load=lambda path: SimpleNamespace(signatures={"serving_default": SIGNATURE}))
    module.sysconfig = SimpleNamespace(get_build_info=lambda: {"cuda_version": "12.5", "cudnn_version": "9"})
    return module


def test_tensorflow_takes_the_card_it_is_told_to(imported):
    said: list[tuple] = []
    adapter = imported("tensorflow", fake_tensorflow(["card"], said))
    adapter.load("model", request_of())
    assert said == [("card", True)]
    assert adapter.version()["cuda"] == "12.5"
    adapter.load("model", request_of(device="CPU"))
    assert said[-1] == ("GPU", [])


def test_tensorflow_without_a_card_is_refused(imported):
    adapter = imported("tensorflow", fake_tensorflow([], []))
    with pytest.raises(RuntimeError, match="no NVIDIA card"):
        adapter.load("model", request_of())
    with pytest.raises(ValueError, match="MYRIAD"):
        adapter.load("model", request_of(device="MYRIAD"))


class _FakeTensor:
    """A tensor that knows where it is; only one on the CPU becomes an array."""

    def __init__(self, value: object, place: str = "cpu") -> None:
        self.value, self.place = value, place

    def to(self, place: str) -> "_FakeTensor":
        return _FakeTensor(self.value, place)

    def cpu(self) -> "_FakeTensor":
        return self.to("cpu")

    def numpy(self) -> object:
        assert self.place == "cpu"
        return self.value


def fake_torch(version: str = "2.13.0") -> ModuleType:
    module = ModuleType("torch")
    module.__version__ = version
    module.version = SimpleNamespace(cuda="10.2")
    module.backends = SimpleNamespace(cudnn=SimpleNamespace(version=lambda: 8201))
    module.Tensor = _FakeTensor
    module.from_numpy = _FakeTensor

    class NoGradients:
        def __enter__(self) -> None:
            pass

        def __exit__(self, *_: object) -> None:
            pass

    module.no_grad = module.inference_mode = NoGradients
    return module


@pytest.mark.parametrize("place", ["cpu", "cuda"])
def test_pytorch_moves_inputs_to_the_card_and_outputs_back(imported, place):
    adapter = imported("pytorch", fake_torch())
    seen = []

    def module(given: _FakeTensor) -> _FakeTensor:
        seen.append(given.place)
        return given

    assert adapter.infer((module, place, False), ["array"]) == ["array"]
    assert adapter.infer((lambda given: (given, given), place, False), ["array"]) == ["array", "array"]
    assert seen == [place]


def test_pytorch_says_which_cuda_it_found(imported):
    found = imported("pytorch", fake_torch("1.10.0")).version()
    assert (found["cuda"], found["cudnn"]) == ("10.2", "8201")
    assert imported("pytorch", fake_torch()).DEVICES == {"CPU": "cpu", "CUDA": "cuda"}
