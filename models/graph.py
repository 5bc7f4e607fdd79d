"""An ONNX graph as a list of layers, for frameworks that have no converter and read only descriptions of their own.

Weights and constants are with the layer that uses them. What is not covered raises Unsupported: nothing is left out.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import helper, numpy_helper, shape_inference

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
    """Layers in an order in which they can be computed, from one input to the outputs.

    `shapes` has those of activations, batch first: of the input always, of others where they follow from the file.
    """

    input: str
    outputs: tuple[str, ...]
    shapes: dict[str, tuple[int, ...]]
    layers: list[Layer]

    def uses(self, name: str) -> int:
        """How often an activation is taken; an output is once more."""
        return sum(layer.takes.count(name) for layer in self.layers) + (name in self.outputs)

    def shape(self, name: str) -> tuple[int, ...]:
        """The shape of an activation. Raises Unsupported where it does not follow from the file."""
        if name not in self.shapes:
            raise Unsupported(f"the shape of {name} is not known")
        return self.shapes[name]


def read(path: Path) -> Graph:
    """The graph of an ONNX file. Raises Unsupported when it has several inputs, or an operator several outputs."""
    model = onnx.load(path)
    without_cuts(model.graph)
    graph = shape_inference.infer_shapes(model).graph
    arrays = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}
    inputs = [value for value in graph.input if value.name not in arrays]
    if len(inputs) != 1:
        raise Unsupported(f"a graph of {len(inputs)} inputs")
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
    outputs = tuple(value.name for value in graph.output)
    if not same.keys().isdisjoint(outputs):
        raise Unsupported("Flatten as the last operator")
    known = {value.name: _shape(value) for value in (*inputs, *graph.value_info, *graph.output)}
    return Graph(
        input=inputs[0].name,
        outputs=outputs,
        shapes={name: shape for name, shape in known.items() if shape and all(shape)},
        layers=layers,
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


def repeats(layer: Layer) -> int:
    """How often Resize repeats each pixel, along both axes of a picture. Raises Unsupported for any other Resize."""
    how = tuple(layer.attributes.get(name) for name in ("mode", "coordinate_transformation_mode", "nearest_mode"))
    scales = [array.tolist() for array in layer.arrays]
    if how != (b"nearest", b"asymmetric", b"floor") or len(scales) != 1 or scales[0][:2] != [1, 1]:
        raise Unsupported(f"Resize that repeats no pixels ({layer.gives})")
    times = {*scales[0][2:]}
    if len(times) != 1 or min(times) % 1:
        raise Unsupported(f"Resize by {scales[0][2:]} ({layer.gives})")
    return int(min(times))


def _shape(value: onnx.ValueInfoProto) -> tuple[int, ...]:
    """Of an activation; 0 for a dimension that is not known, and empty where nothing is."""
    return tuple(dim.dim_value for dim in value.type.tensor_type.shape.dim)
