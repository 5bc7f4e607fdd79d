"""What the adapter asks of OpenVINO's plugins, on a fake OpenVINO: the CPU's threads are no property of the others."""

import importlib
import sys
from types import ModuleType, SimpleNamespace

import pytest


@pytest.mark.parametrize(("device", "threads"), [("CPU", 2), ("GPU", None), ("NPU", None)])
def test_threads_are_set_for_the_cpu_alone(device, threads, monkeypatch):
    asked = {}

    class Core:
        def read_model(self, path):
            return path

        def compile_model(self, model, name, config):
            asked.update(config, device=name)
            return SimpleNamespace(create_infer_request=object)

    fake = ModuleType("openvino")
    fake.Core = Core
    for name in ("openvino", "openvino_telemetry"):
        monkeypatch.setitem(sys.modules, name, fake)
    monkeypatch.delitem(sys.modules, "runner.adapters.openvino", raising=False)
    adapter = importlib.import_module("runner.adapters.openvino")
    adapter.load("model.onnx", {"device": device, "precision": "fp16", "threads": 2})
    assert (asked["device"], asked.get("INFERENCE_NUM_THREADS")) == (device, threads)
    assert asked["INFERENCE_PRECISION_HINT"] == "f16"
    sys.modules.pop("runner.adapters.openvino", None)
