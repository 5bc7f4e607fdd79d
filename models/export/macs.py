"""Multiply-accumulates, counted from an ONNX graph.

Counted: every product of a weight (or of one activation) with an activation that is summed up in Conv, ConvTranspose,
Gemm and MatMul, padding included, for the batch that the graph's input names, in as many dimensions as there are. So
both products of attention, queries with keys and weights with values, are counted. Not counted: biases, normalisations
(those after a convolution are folded into it), pooling, activations, softmax, and additions of shortcuts. This is how
the networks' own papers count; a multiply-accumulate is two floating-point operations.
"""

from math import prod

import onnx


def count_macs(model: onnx.ModelProto) -> int:
    """Multiply-accumulates of one inference. Raises ValueError where a shape is not fixed."""
    shapes = _shapes(onnx.shape_inference.infer_shapes(model, strict_mode=True))
    return sum(_macs(node, shapes) for node in model.graph.node)


def _macs(node: onnx.NodeProto, shapes: dict[str, list[int]]) -> int:
    if node.op_type not in ("Conv", "ConvTranspose", "Gemm", "MatMul"):
        return 0
    try:
        first, second = shapes[node.input[0]], shapes[node.input[1]]
        output = shapes[node.output[0]]
    except KeyError as unknown:
        raise ValueError(f"{node.op_type} {node.name}: the shape of {unknown} is not fixed") from None
    if node.op_type == "Conv":  # each output sums over the filter's inputs
        return prod(output) * prod(second[1:])
    if node.op_type == "ConvTranspose":  # each input is spread over the filter's outputs
        return prod(first) * prod(second[1:])
    if node.op_type == "Gemm":
        transposed = any(attribute.name == "transA" and attribute.i for attribute in node.attribute)
        return prod(output) * first[0 if transposed else 1]
    return prod(output) * first[-1]


def _shapes(model: onnx.ModelProto) -> dict[str, list[int]]:
    graph = model.graph
    shapes = {tensor.name: list(tensor.dims) for tensor in graph.initializer}
    for value in (*graph.input, *graph.value_info, *graph.output):
        kind = value.type.tensor_type
        dims = kind.shape.dim
        if kind.HasField("shape") and all(dim.HasField("dim_value") for dim in dims):
            shapes[value.name] = [dim.dim_value for dim in dims]
    return shapes
