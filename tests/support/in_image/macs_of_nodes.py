"""Runs inside the image models-export: prints what models/export/macs.py counts of single operators, as JSON."""

import json

import numpy as np
from onnx import TensorProto, helper, numpy_helper

from models.export.macs import count_macs

FLOAT = TensorProto.FLOAT


def count(kind: str, given: list[int], weights: list[int], made: list[int], **attributes: object) -> int:
    """Of an operator that takes an input of the shape `given` and `weights`, and makes an output."""
    graph = helper.make_graph(
        [helper.make_node(kind, ["x", "w"], ["y"], **attributes)],
        kind,
        [helper.make_tensor_value_info("x", FLOAT, given)],
        [helper.make_tensor_value_info("y", FLOAT, made)],
        [numpy_helper.from_array(np.zeros(weights, np.float32), "w")],
    )
    return count_macs(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)]))


def attention() -> int:
    """Of queries with keys: two activations, 3 heads of 5 tokens and 4 numbers each."""
    shape = [1, 3, 5, 4]
    graph = helper.make_graph(
        [
            helper.make_node("Transpose", ["x"], ["keys"], perm=[0, 1, 3, 2]),
            helper.make_node("MatMul", ["x", "keys"], ["y"]),
        ],
        "attention",
        [helper.make_tensor_value_info("x", FLOAT, shape)],
        [helper.make_tensor_value_info("y", FLOAT, [1, 3, 5, 5])],
    )
    return count_macs(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)]))


print(
    json.dumps(
        {
            "convolution": count("Conv", [1, 3, 8, 8], [16, 3, 3, 3], [1, 16, 6, 6]),
            "grouped convolution": count("Conv", [1, 4, 8, 8], [4, 1, 3, 3], [1, 4, 6, 6], group=4),
            "convolution in three dimensions": count("Conv", [1, 2, 4, 5, 5], [8, 2, 3, 3, 3], [1, 8, 2, 3, 3]),
            "transposed convolution": count("ConvTranspose", [1, 6, 4, 4], [6, 5, 2, 2], [1, 5, 8, 8], strides=[2, 2]),
            "fully connected": count("Gemm", [1, 10], [7, 10], [1, 7], transB=1),
            "transposed first": count("Gemm", [10, 1], [10, 7], [1, 7], transA=1),
            "matrix product of tokens": count("MatMul", [1, 5, 4], [4, 12], [1, 5, 12]),
            "attention": attention(),
            "activation": count("PRelu", [1, 3, 4, 4], [3, 1, 1], [1, 3, 4, 4]),
        }
    )
)
