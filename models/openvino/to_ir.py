"""ONNX as OpenVINO keeps it: a folder with `model.xml` (the graph, as text) and `model.bin` (the weights)."""

import sys
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

import numpy as np

# It reports its use to its vendor unless this package is missing: then it takes a stub of its own.
sys.modules["openvino_telemetry"] = None

import nncf  # noqa: E402
import openvino  # noqa: E402

from models.inputs import CALIBRATION  # noqa: E402
from models.reference import Run  # noqa: E402

HINTS = {"fp32": "f32", "fp16": "f16", "int8": "dynamic"}  # as the runner's adapter gives them


def version() -> str:
    """OpenVINO's."""
    return metadata.version("openvino")


def to_ir(model: Path, target: Path, precision: str, calibration: Iterator[list[np.ndarray]]) -> None:
    """Write the folder: weights in half precision for fp16; for int8 what NNCF quantizes after training."""
    read = openvino.Core().read_model(model)
    if precision == "int8":
        # In its order, and all of it: NNCF draws no sample of its own, and the bytes repeat.
        read = nncf.quantize(read, nncf.Dataset(list(calibration)), subset_size=len(CALIBRATION))
    # What was built from where and when, which NNCF and the reader leave in it, is no part of a model.
    for key in [*read.get_rt_info()]:
        if key in ("nncf", "Runtime_version"):
            read.set_rt_info("", key)
    target.mkdir()
    openvino.save_model(read, target / "model.xml", compress_to_fp16=precision == "fp16")


def run_ir(folder: Path, precision: str) -> Run:
    """OpenVINO on the CPU, as the runner's adapter has it."""
    core = openvino.Core()
    config = {"INFERENCE_PRECISION_HINT": HINTS[precision], "PERFORMANCE_HINT": "LATENCY"}
    compiled = core.compile_model(core.read_model(folder / "model.xml"), "CPU", config)
    request = compiled.create_infer_request()
    return lambda given: [array.copy() for array in request.infer(given).values()]
