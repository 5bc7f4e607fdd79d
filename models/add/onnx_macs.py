"""Multiply-accumulates of one inference of an ONNX file.

They are what models/export/macs.py counts, of every operator that makes such sums and of the file's own functions, from
the shapes that the activations really have: shape inference does not follow all of them.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np
import onnx
import onnx.inliner

from models.add.einsum import products
from models.add.onnx_parts import function_of, parts

Ask = Callable[[onnx.ModelProto, list[str]], list[np.ndarray]]  # a model and names of its outputs → what they are

# Operators that multiply matrices and are not counted. Of com.microsoft's, which are many, those that do not are named.
UNCOUNTED = {
    ("", "AffineGrid"), ("", "CausalConvWithState"), ("", "DFT"), ("", "LinearAttention"), ("", "STFT"),
    ("ai.onnx.ml", "LinearClassifier"), ("ai.onnx.ml", "LinearRegressor"),
    ("ai.onnx.ml", "SVMClassifier"), ("ai.onnx.ml", "SVMRegressor"),
}  # fmt: skip
WITHOUT = {
    "BiasAdd", "BiasGelu", "BiasSplitGelu", "DequantizeLinear", "EmbedLayerNormalization", "FastGelu", "Gelu",
    "GroupNorm", "QLinearAdd", "QLinearAveragePool", "QLinearConcat", "QLinearGlobalAveragePool", "QLinearLeakyRelu",
    "QLinearMul", "QLinearReduceMean", "QLinearSigmoid", "QLinearSoftmax", "QLinearWhere", "QuantizeLinear",
    "QuickGelu", "RotaryEmbedding", "SkipLayerNormalization", "SkipSimplifiedLayerNormalization",
}  # fmt: skip


@dataclass(frozen=True)
class _Operator:
    """An operator, and what its tensors really are."""

    node: onnx.NodeProto
    shapes: Mapping[str, list[int]]
    values: Mapping[str, np.ndarray]

    def has(self, place: int) -> bool:
        return place < len(self.node.input) and self.node.input[place] != ""

    def takes(self, place: int) -> list[int]:
        """The shape of an input."""
        return self.shapes[self.node.input[place]]

    def gives(self) -> int:
        """How many numbers its output has."""
        return prod(self.shapes[self.node.output[0]])

    def attribute(self, name: str) -> Any:
        """None where it is not said, as all the defaults that are asked for here."""
        found = (each for each in self.node.attribute if each.name == name)
        return next((onnx.helper.get_attribute_value(each) for each in found), None)


def count(model: onnx.ModelProto, ask: Ask) -> int | None:
    """All of them; None where a branch, which may be taken or not, or an operator that is not counted has some."""
    flat = onnx.inliner.inline_local_functions(model) if model.functions else model
    graph, *others = parts(flat)
    if any(_multiplies(node) for part in others for node in part.node):
        return None
    nodes = [node for node in graph.node if _multiplies(node)]
    if any(function_of(node) not in COUNTS for node in nodes):
        return None
    names = {name for node in nodes for name in (*node.input, *node.output) if name}
    lengths = {name for node in nodes if COUNTS[function_of(node)] is _recurrent for name in node.input[4:5] if name}
    values = _ask(flat, "Identity", sorted(lengths), ask)
    shapes = {name: shape.tolist() for name, shape in _ask(flat, "Shape", sorted(names), ask).items()}
    each = [COUNTS[function_of(node)](_Operator(node, shapes, values)) for node in nodes]
    return None if None in each else sum(each)


def _multiplies(node: onnx.NodeProto) -> bool:
    domain, name = called = function_of(node)
    if called in COUNTS or called in UNCOUNTED:
        return True
    return domain not in ("", "ai.onnx.ml") and (domain != "com.microsoft" or name not in WITHOUT)


def _ask(model: onnx.ModelProto, kind: str, names: list[str], ask: Ask) -> dict[str, np.ndarray]:
    """What an operator answers of each of a model's tensors: their sizes alone take no memory."""
    if not names:
        return {}
    asking = onnx.ModelProto()
    asking.CopyFrom(model)
    answers = [f"{kind} of {name}, for edgebench" for name in names]
    for name, answer in zip(names, answers, strict=True):
        asking.graph.node.append(onnx.helper.make_node(kind, [name], [answer]))
        asking.graph.output.append(onnx.ValueInfoProto(name=answer))
    return dict(zip(names, ask(asking, answers), strict=True))


def _convolution(weights: int) -> Callable[[_Operator], int]:
    """Each output sums over the filter's inputs."""
    return lambda operator: operator.gives() * prod(operator.takes(weights)[1:])


def _transposed_convolution(operator: _Operator) -> int:
    """Each input is spread over the filter's outputs."""
    return prod(operator.takes(0)) * prod(operator.takes(1)[1:])


def _product(operator: _Operator) -> int | None:
    """Each output sums over the last axis of the first matrix, or over the one before where it is transposed."""
    if operator.attribute("transBatchA"):
        return None
    return operator.gives() * operator.takes(0)[-2 if operator.attribute("transA") else -1]


def _recurrent(operator: _Operator) -> int | None:
    """Each step multiplies its input and the state. Sequences that are shorter than the input make fewer steps."""
    steps, sequences = operator.takes(0)[:2]
    if operator.has(4) and (operator.values[operator.node.input[4]] != steps).any():
        return None
    return steps * sequences * (prod(operator.takes(1)) + prod(operator.takes(2)))


def _attention(operator: _Operator) -> int | None:
    """Queries with keys, whose size is the queries'; then weights with values, whose size is the output's."""
    if operator.has(6):  # how much of the keys counts, for each sequence
        return None
    keys = operator.takes(1)[-2] + (operator.takes(4)[-2] if operator.has(4) else 0)
    return (prod(operator.takes(0)) + operator.gives()) * keys


def _einsum(operator: _Operator) -> int | None:
    shapes = [operator.takes(place) for place in range(len(operator.node.input))]
    return products(operator.attribute("equation").decode(), shapes)


COUNTS: dict[tuple[str, str], Callable[[_Operator], int | None]] = {
    ("", "Attention"): _attention,
    ("", "Conv"): _convolution(1),
    ("", "ConvInteger"): _convolution(1),
    ("", "ConvTranspose"): _transposed_convolution,
    ("", "DeformConv"): _convolution(1),
    ("", "Einsum"): _einsum,
    ("", "GRU"): _recurrent,
    ("", "Gemm"): _product,
    ("", "LSTM"): _recurrent,
    ("", "MatMul"): _product,
    ("", "MatMulInteger"): _product,
    ("", "QLinearConv"): _convolution(3),
    ("", "QLinearMatMul"): _product,
    ("", "RNN"): _recurrent,
    ("com.microsoft", "DynamicQuantizeLSTM"): _recurrent,
    ("com.microsoft", "DynamicQuantizeMatMul"): _product,
    ("com.microsoft", "FusedConv"): _convolution(1),
    ("com.microsoft", "FusedGemm"): _product,
    ("com.microsoft", "FusedMatMul"): _product,
    ("com.microsoft", "MatMulIntegerToFloat"): _product,
    ("com.microsoft", "MatMulNBits"): _product,
    ("com.microsoft", "QGemm"): _product,
}
