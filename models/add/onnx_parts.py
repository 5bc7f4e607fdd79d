"""What an ONNX file consists of: its graph, functions of its own, their branches, and what stands in them."""

from collections.abc import Iterator

import onnx

Part = onnx.GraphProto | onnx.FunctionProto


def parts(model: onnx.ModelProto) -> Iterator[Part]:
    """The graph first, then every function and every branch of any of them."""
    waiting: list[Part] = [model.graph, *model.functions]
    while waiting:
        part = waiting.pop(0)
        yield part
        for attribute in _attributes(part):
            waiting += [attribute.g] if attribute.HasField("g") else []
            waiting += attribute.graphs


def nodes(model: onnx.ModelProto) -> Iterator[onnx.NodeProto]:
    """Every operator."""
    return (node for part in parts(model) for node in part.node)


def tensors(model: onnx.ModelProto) -> Iterator[onnx.TensorProto]:
    """Every tensor that stands in the file: weights, constants, and what sparse ones are made of."""
    for part in parts(model):
        yield from getattr(part, "initializer", ())  # a function has none
        for attribute in _attributes(part):
            yield from [attribute.t] if attribute.HasField("t") else []
            yield from attribute.tensors
    for sparse in sparse_tensors(model):
        yield from (sparse.values, sparse.indices)


def sparse_tensors(model: onnx.ModelProto) -> Iterator[onnx.SparseTensorProto]:
    """Every tensor of which only what is not zero stands in the file."""
    for part in parts(model):
        yield from getattr(part, "sparse_initializer", ())
        for attribute in _attributes(part):
            yield from [attribute.sparse_tensor] if attribute.HasField("sparse_tensor") else []
            yield from attribute.sparse_tensors


def function_of(call: onnx.NodeProto | onnx.FunctionProto) -> tuple[str, str]:
    """Domain and name of what an operator calls, or of a function."""
    name = call.op_type if isinstance(call, onnx.NodeProto) else call.name
    return "" if call.domain == "ai.onnx" else call.domain, name


def _attributes(part: Part) -> Iterator[onnx.AttributeProto]:
    """Those of the operators, and what a function takes where its caller says nothing."""
    yield from getattr(part, "attribute_proto", ())
    for node in part.node:
        yield from node.attribute
