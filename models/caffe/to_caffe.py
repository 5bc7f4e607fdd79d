"""ONNX as Caffe reads it: a folder with `model.prototxt` (layers, as text) and `model.caffemodel` (with weights)."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from caffe.proto.caffe_pb2 import EltwiseParameter

from models.caffe import pooling
from models.caffe.description import Description
from models.graph import Graph, Layer, Unsupported, repeats, weights_and_bias
from models.windows import window


def to_caffe(graph: Graph, target: Path) -> None:
    """Write a graph into the new folder `target`. Raises Unsupported."""
    made = Description(graph)
    for layer in graph.layers:
        if layer.kind not in RULES:
            raise Unsupported(f"no rule for {layer.kind} ({layer.gives})")
        RULES[layer.kind](made, layer)
    made.write(target)


def _convolution(made: Description, layer: Layer) -> None:
    seen = window(layer)
    weights, bias = weights_and_bias(layer)
    told = made.add("Convolution", layer, weights, bias).convolution_param
    told.num_output = len(bias)
    for values, given in ((seen.size, told.kernel_size), (seen.stride, told.stride), (seen.padding, told.pad)):
        given.extend(values if len(set(values)) > 1 else values[:1])  # one number is meant for all axes
    told.group = layer.attributes.get("group", 1)


def _connected(made: Description, layer: Layer) -> None:
    weights, bias = weights_and_bias(layer)
    made.add("InnerProduct", layer, weights, bias).inner_product_param.num_output = len(bias)


def _normalisation(made: Description, layer: Layer) -> None:
    told, wanted = made.add("LRN", layer).lrn_param, layer.attributes
    told.local_size = wanted["size"]
    told.alpha, told.beta, told.k = wanted.get("alpha", 1e-4), wanted.get("beta", 0.75), wanted.get("bias", 1.0)


def _sum(made: Description, layer: Layer) -> None:
    if layer.arrays:
        raise Unsupported(f"an addition of a constant ({layer.gives})")
    made.add("Eltwise", layer)  # a sum, if nothing else is said


def _product(made: Description, layer: Layer) -> None:
    """Of two pictures, or of each channel of one with a number of its own."""
    if layer.arrays:
        raise Unsupported(f"a product with a constant ({layer.gives})")
    shapes = {name: made.graph.shape(name) for name in layer.takes}
    if len({*shapes.values()}) == 1:
        made.add("Eltwise", layer).eltwise_param.operation = EltwiseParameter.PROD
        return
    picture, numbers = sorted(layer.takes, key=lambda name: shapes[name], reverse=True)
    if shapes[numbers] != (*shapes[picture][:2], 1, 1):
        raise Unsupported(f"a product of shapes {' and '.join(map(str, shapes.values()))} ({layer.gives})")
    flat = made.reshaped(made.blobs[numbers], shapes[numbers][:2])
    made.add("Scale", layer, bottom=[made.blobs[picture], flat]).scale_param.axis = 0


def _relu(made: Description, layer: Layer) -> None:
    made.add("ReLU", layer, in_place=True)


def _leaky(made: Description, layer: Layer) -> None:
    made.add("ReLU", layer, in_place=True).relu_param.negative_slope = layer.attributes.get("alpha", 0.01)


def _clip(made: Description, layer: Layer) -> None:
    bounds: list[Any] = [array.item() for array in layer.arrays]
    if len(bounds) != 2 or bounds[0] != 0:
        raise Unsupported(f"Clip to {bounds} ({layer.gives})")
    made.add("ReLU6", layer, in_place=True).relu6_param.threshold = bounds[1]


def _hard_sigmoid(made: Description, layer: Layer) -> None:
    told, wanted = made.add("HardSigmoid", layer).hardsigmoid_param, layer.attributes
    told.alpha, told.beta = wanted.get("alpha", 0.2), wanted.get("beta", 0.5)


def _enlarged(made: Description, layer: Layer) -> None:
    made.add("Upsample", layer).upsample_param.scale = repeats(layer)


def _joined(made: Description, layer: Layer) -> None:
    if layer.arrays:
        raise Unsupported(f"Concat with a constant ({layer.gives})")
    made.add("Concat", layer).concat_param.axis = layer.attributes["axis"]


def _transposed(made: Description, layer: Layer) -> None:
    made.add("Permute", layer).permute_param.order.extend(layer.attributes["perm"])


def _reshaped(made: Description, layer: Layer) -> None:
    if len(layer.arrays) != 1 or layer.attributes.get("allowzero"):
        raise Unsupported(f"Reshape to what is computed, or of nothing ({layer.gives})")
    made.add("Reshape", layer).reshape_param.shape.dim.extend(layer.arrays[0].tolist())


RULES: dict[str, Callable[[Description, Layer], None]] = {
    "Add": _sum,
    "AveragePool": pooling.mean,
    "Clip": _clip,
    "Concat": _joined,
    "Conv": _convolution,
    "Gemm": _connected,
    "GlobalAveragePool": pooling.overall_mean,
    "HardSigmoid": _hard_sigmoid,
    "LRN": _normalisation,
    "LeakyRelu": _leaky,
    "MaxPool": pooling.largest,
    "Mul": _product,
    "Relu": _relu,
    "Reshape": _reshaped,
    "Resize": _enlarged,
    "Transpose": _transposed,
}
