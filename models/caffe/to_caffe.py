"""ONNX as Caffe reads it: a folder with `model.prototxt` (layers, as text) and `model.caffemodel` (with weights)."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from caffe.proto.caffe_pb2 import LayerParameter, NetParameter, PoolingParameter
from google.protobuf import text_format

from models.graph import Graph, Layer, Unsupported, weights_and_bias, window


class Description:
    """Layers as they come to be. Where nobody needs what came before it, an activation is computed in place."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.net = NetParameter()
        self.blobs = {graph.input: graph.input}  # activation → the blob that holds it
        layer = self.net.layer.add(name=graph.input, type="Input", top=[graph.input])
        layer.input_param.shape.add(dim=graph.shape)

    def add(self, kind: str, layer: Layer, *weights: np.ndarray, in_place: bool = False) -> LayerParameter:
        """A layer that takes and gives what an operator does; its own settings are still to come."""
        name = f"{kind.lower()}_{len(self.net.layer)}"
        bottom = [self.blobs[taken] for taken in layer.takes]
        alone = in_place and self.graph.uses(layer.takes[0]) == 1 and layer.takes[0] != self.graph.input
        top = layer.gives if layer.gives == self.graph.output else bottom[0] if alone else name
        self.blobs[layer.gives] = top
        made = self.net.layer.add(name=name, type=kind, bottom=bottom, top=[top])
        for array in weights:
            blob = made.blobs.add()
            blob.shape.dim.extend(array.shape)
            blob.data.extend(array.ravel().tolist())
        return made


def to_caffe(graph: Graph, target: Path) -> None:
    """Write a graph into the new folder `target`. Raises Unsupported."""
    made = Description(graph)
    for layer in graph.layers:
        if layer.kind not in RULES:
            raise Unsupported(f"no rule for {layer.kind} ({layer.gives})")
        RULES[layer.kind](made, layer)
    target.mkdir()
    (target / "model.caffemodel").write_bytes(made.net.SerializeToString(deterministic=True))
    for each in made.net.layer:
        each.ClearField("blobs")
    (target / "model.prototxt").write_text(text_format.MessageToString(made.net), encoding="ascii")


def _convolution(made: Description, layer: Layer) -> None:
    seen = window(layer)
    weights, bias = weights_and_bias(layer)
    told = made.add("Convolution", layer, weights, bias).convolution_param
    told.num_output = len(bias)
    told.kernel_size.append(seen.size)
    told.stride.append(seen.stride)
    told.pad.append(seen.padding)
    told.group = layer.attributes.get("group", 1)


def _connected(made: Description, layer: Layer) -> None:
    weights, bias = weights_and_bias(layer)
    made.add("InnerProduct", layer, weights, bias).inner_product_param.num_output = len(bias)


def _largest(made: Description, layer: Layer) -> None:
    seen = window(layer)
    told = made.add("Pooling", layer).pooling_param
    told.pool = PoolingParameter.MAX
    told.kernel_size, told.stride, told.pad = seen.size, seen.stride, seen.padding
    told.ceil_mode = seen.rounded_up  # Caffe's own default, unlike everybody's


def _average(made: Description, layer: Layer) -> None:
    told = made.add("Pooling", layer).pooling_param
    told.pool = PoolingParameter.AVE
    told.global_pooling = True


def _normalisation(made: Description, layer: Layer) -> None:
    told, wanted = made.add("LRN", layer).lrn_param, layer.attributes
    told.local_size = wanted["size"]
    told.alpha, told.beta, told.k = wanted.get("alpha", 1e-4), wanted.get("beta", 0.75), wanted.get("bias", 1.0)


def _sum(made: Description, layer: Layer) -> None:
    if layer.arrays:
        raise Unsupported(f"an addition of a constant ({layer.gives})")
    made.add("Eltwise", layer)  # a sum, if nothing else is said


def _relu(made: Description, layer: Layer) -> None:
    made.add("ReLU", layer, in_place=True)


def _leaky(made: Description, layer: Layer) -> None:
    made.add("ReLU", layer, in_place=True).relu_param.negative_slope = layer.attributes.get("alpha", 0.01)


def _clip(made: Description, layer: Layer) -> None:
    bounds: list[Any] = [array.item() for array in layer.arrays]
    if len(bounds) != 2 or bounds[0] != 0:
        raise Unsupported(f"Clip to {bounds} ({layer.gives})")
    made.add("ReLU6", layer, in_place=True).relu6_param.threshold = bounds[1]


RULES: dict[str, Callable[[Description, Layer], None]] = {
    "Add": _sum,
    "Clip": _clip,
    "Conv": _convolution,
    "Gemm": _connected,
    "GlobalAveragePool": _average,
    "LRN": _normalisation,
    "LeakyRelu": _leaky,
    "MaxPool": _largest,
    "Relu": _relu,
}
