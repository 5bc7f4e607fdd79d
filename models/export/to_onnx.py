"""A network as ONNX opset 13: the newest that JetPack 4's ONNX Runtime 1.10 and TensorRT 8.2 read."""

import io

import numpy as np
import onnx
import onnxruntime
import torch
from torch import nn

from models.reference import Run

OPSET = 13


def to_onnx(network: nn.Module, example: np.ndarray, outputs: int) -> bytes:
    """The same bytes for the same network: names and places of the source are taken out.

    Of several `outputs` the names are numbered as they are in the reference.
    """
    buffer = io.BytesIO()
    torch.onnx.export(
        network,
        (torch.from_numpy(example),),
        buffer,
        dynamo=False,  # the newer exporter begins at opset 18
        opset_version=OPSET,
        input_names=["input"],
        output_names=["output"] if outputs == 1 else [f"output_{place}" for place in range(outputs)],
    )
    model = onnx.load_from_string(buffer.getvalue())
    _strip(model)
    onnx.checker.check_model(model, full_check=True)
    return model.SerializeToString(deterministic=True)


def run_onnx(model: bytes) -> Run:
    """ONNX Runtime on the CPU, its optimisations on, as they are when it is timed."""
    session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    return lambda given: session.run(None, {session.get_inputs()[0].name: given[0]})


def _strip(model: onnx.ModelProto) -> None:
    """Take out what says where and from which lines of Python the model was made."""
    model.ClearField("doc_string")
    model.graph.ClearField("doc_string")
    del model.metadata_props[:]
    for node in model.graph.node:
        node.ClearField("doc_string")
        del node.metadata_props[:]
