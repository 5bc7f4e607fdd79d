"""OpenVINO on the CPU, or on Intel's GPU or NPU; it reads ONNX, and folders of its own `model.xml` and `model.bin`."""

import os
import sys

# It reports its use to its vendor unless this package is missing: then it takes a stub of its own.
sys.modules["openvino_telemetry"] = None

import openvino  # noqa: E402

from runner.packages import versions  # noqa: E402


def version():
    """OpenVINO, and numpy for its arrays."""
    return versions("openvino", "numpy")


def load(path, request):
    """A request of its own to a model compiled for one inference at a time, in the precision that was asked for."""
    core = openvino.Core()
    if os.path.isdir(path):  # OpenVINO's own format
        path = os.path.join(path, "model.xml")
    config = {
        "INFERENCE_PRECISION_HINT": {"fp32": "f32", "fp16": "f16"}.get(request["precision"], "dynamic"),
        "PERFORMANCE_HINT": "LATENCY",
    }
    if request["device"] == "CPU":  # the other plugins know no such property
        config["INFERENCE_NUM_THREADS"] = request["threads"]
    return core.compile_model(core.read_model(path), request["device"], config).create_infer_request()


def infer(session, inputs):
    """All outputs, in the model's order, as copies: the next inference overwrites OpenVINO's own."""
    return list(session.infer(inputs, share_inputs=True).values())


def close(session):
    """The request goes with its last reference."""
