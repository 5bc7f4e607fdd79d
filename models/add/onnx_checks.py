"""What an ONNX file must not be."""

from collections.abc import Set
from math import prod

import onnx

from models.add.onnx_parts import function_of, nodes, sparse_tensors, tensors
from models.add.refusal import Refused

DOMAINS = ("", "ai.onnx.ml", "com.microsoft")  # whose operators ONNX Runtime brings
TYPES = frozenset(onnx.TensorProto.DataType.values()) - {onnx.TensorProto.UNDEFINED}
WEIGHTS = {
    onnx.TensorProto.DOUBLE: "fp32",
    onnx.TensorProto.FLOAT: "fp32",
    onnx.TensorProto.FLOAT16: "fp16",
    onnx.TensorProto.BFLOAT16: "fp16",
    onnx.TensorProto.INT8: "int8",
    onnx.TensorProto.UINT8: "int8",
}
LARGEST = 1 << 31  # bytes of sparse weights, written out: ONNX Runtime does that, and no file could hold more


def check(model: onnx.ModelProto) -> None:
    """Raises Refused for weights that are elsewhere or of another size than they say, and for unknown operators."""
    for tensor in tensors(model):
        _check_tensor(tensor)
    for sparse in sparse_tensors(model):
        _check_sparse(sparse)
    for function in model.functions:
        if not function.node:
            raise Refused(f"the function {_called(function)} has no operator in it: export the model again")
    own = {function_of(function) for function in model.functions}
    for node in nodes(model):
        _check_operator(node, own)


def _check_tensor(tensor: onnx.TensorProto) -> None:
    if tensor.data_location == onnx.TensorProto.EXTERNAL or tensor.external_data:
        where = next((entry.value for entry in tensor.external_data if entry.key == "location"), "another file")
        raise Refused(f"the weights '{tensor.name}' are in {where!r}: save the model as one file")
    if tensor.data_type not in TYPES:
        raise Refused(f"the weights '{tensor.name}' are of the type {tensor.data_type}, which ONNX does not have")
    if any(size < 0 for size in tensor.dims):
        raise Refused(f"the weights '{tensor.name}' have the shape {list(tensor.dims)}")
    if tensor.HasField("raw_data") and tensor.data_type in WEIGHTS:
        size = _size(tensor.data_type, tensor.dims)
        if size != len(tensor.raw_data):
            raise Refused(
                f"the weights '{tensor.name}' say that they are {size} bytes, and {len(tensor.raw_data)} are there"
            )


def _check_sparse(sparse: onnx.SparseTensorProto) -> None:
    size = _size(sparse.values.data_type, sparse.dims)
    if size > LARGEST or any(each < 0 for each in sparse.dims):
        raise Refused(
            f"the sparse weights '{sparse.values.name}' have the shape {list(sparse.dims)}: they would be {size} bytes "
            f"when they are written out, and at most {LARGEST >> 30} GiB are"
        )


def _size(kind: int, dims: list[int]) -> int:
    return onnx.helper.tensor_dtype_to_np_dtype(kind).itemsize * prod(dims)


def _check_operator(node: onnx.NodeProto, own: Set[tuple[str, str]]) -> None:
    domain, name = function_of(node)
    if (domain, name) in own:
        return
    if domain not in DOMAINS and any(domain == theirs for theirs, _ in own):
        raise Refused(f"it calls the function {_called(node)}, which is not in the file: export the model again")
    if domain not in DOMAINS:
        raise Refused(f"the operator {_called(node)} is of a domain that no framework here knows")
    if not domain and not onnx.defs.has(name):
        raise Refused(f"the operator {name} ({node.name or 'no name'}) is not of ONNX")


def _called(what: onnx.NodeProto | onnx.FunctionProto) -> str:
    return ".".join(function_of(what))
