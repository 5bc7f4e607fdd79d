"""An ONNX graph as a list of layers, for frameworks that have no converter and read only descriptions of their own.

Weights and constants are with the layer that uses them. Windows are square, which is all that these frameworks know,
and come as plain numbers. What is not covered raises Unsupported: nothing is left out.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import helper, numpy_helper

from models.cuts import without_cuts


class Unsupported(Exception):
    """The graph holds something that this translation, or the framework, does not know."""


@dataclass(frozen=True)
class Layer:
    """One operator. `takes` and `gives` name activations; `arrays` are its weights and constants, in ONNX's order."""

    kind: str
    takes: tuple[str, ...]
    gives: str
    arrays: tuple[np.ndarray, ...]
    attributes: dict[str, Any]


@dataclass(frozen=True)
class Graph:
    """Layers in an order in which they can be computed, from one input (`shape`, batch first) to one output."""

    input: str
    shape: tuple[int, ...]
    output: str
    output_shape: tuple[int, ...]  # empty where the file does not say
    layers: list[Layer]

    def uses(self, name: str) -> int:
        """How often an activation is taken; the graph's output is once more."""
        return sum(layer.takes.count(name) for layer in self.layers) + (name == self.output)


@dataclass(frozen=True)
class Window:
    """What a convolution or a pooling slides over the picture: square, with the same padding on every side."""

    size: int
    stride: int
    padding: int
    rounded_up: bool  # a pooling's last window may reach beyond the picture


def read(path: Path) -> Graph:
    """The graph of an ONNX file. Raises Unsupported when it has several inputs, or an operator several outputs."""
    graph = onnx.load(path).graph
    without_cuts(graph)
    arrays = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}
    inputs = [value for value in graph.input if value.name not in arrays]
    if len(inputs) != 1 or len(graph.output) != 1:
        raise Unsupported(f"a graph of {len(inputs)} inputs and {len(graph.output)} outputs")
    layers, same = [], {}
    for node in graph.node:
        attributes = {each.name: helper.get_attribute_value(each) for each in node.attribute}
        if len(node.output) != 1:
            raise Unsupported(f"{node.op_type} with {len(node.output)} outputs")
        if node.op_type == "Constant":
            arrays[node.output[0]] = numpy_helper.to_array(attributes["value"])
            continue
        given = [same.get(name, name) for name in node.input if name]
        if node.op_type == "Flatten" and attributes.get("axis", 1) == 1:
            same[node.output[0]] = given[0]  # fully connected layers take what they are given as flat
            continue
        layers.append(
            Layer(
                kind=node.op_type,
                takes=tuple(name for name in given if name not in arrays),
                gives=node.output[0],
                arrays=tuple(arrays[name] for name in given if name in arrays),
                attributes=attributes,
            )
        )
    flattened = set(same.values())
    for layer in layers:
        if layer.kind != "Gemm" and not flattened.isdisjoint(layer.takes):
            raise Unsupported(f"{layer.kind} of what was flattened")
    shape, output_shape = (
        tuple(dim.dim_value for dim in value.type.tensor_type.shape.dim) for value in (inputs[0], graph.output[0])
    )
    return Graph(inputs[0].name, shape, graph.output[0].name, output_shape, layers)


def window(layer: Layer) -> Window:
    """The window of Conv and MaxPool. Raises Unsupported for one that is not as Window says, or dilated."""
    told = layer.attributes
    if told.get("auto_pad", b"NOTSET") != b"NOTSET" or _only(layer, "dilations", [1]) != 1:
        raise Unsupported(f"{layer.kind} at {layer.gives} that is dilated or padded automatically")
    sizes = told.get("kernel_shape") or layer.arrays[0].shape[2:]  # Conv need not say what its weights show
    if len(sizes) != 2:
        raise Unsupported(f"{layer.kind} at {layer.gives} over {len(sizes)} axes")
    return Window(
        size=_only(layer, "kernel_shape", sizes),
        stride=_only(layer, "strides", [1]),
        padding=_only(layer, "pads", [0]),
        rounded_up=bool(told.get("ceil_mode")),
    )


def weights_and_bias(layer: Layer) -> tuple[np.ndarray, np.ndarray]:
    """Of Conv [outputs, inputs per group, height, width], of Gemm [outputs, inputs]; and [outputs], 0 where none is."""
    told = layer.attributes
    weights = layer.arrays[0]
    if layer.kind == "Gemm":
        if told.get("alpha", 1) != 1 or told.get("beta", 1) != 1 or told.get("transA") or len(layer.takes) != 1:
            raise Unsupported(f"Gemm at {layer.gives} that is not a fully connected layer")
        weights = weights if told.get("transB") else weights.T
    bias = layer.arrays[1] if len(layer.arrays) > 1 else np.zeros(len(weights))
    return np.ascontiguousarray(weights, np.float32), np.ascontiguousarray(bias, np.float32)


def _only(layer: Layer, name: str, default: Sequence[int]) -> int:
    """The one number that all entries of an attribute are."""
    values: Sequence[int] = layer.attributes.get(name, default)
    if len(set(values)) != 1:
        raise Unsupported(f"{layer.kind} at {layer.gives} with {name} {list(values)}")
    return int(values[0])
