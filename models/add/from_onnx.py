"""A user's ONNX file: what it must not be, its axes fixed, and what ONNX Runtime answers."""

from collections import Counter
from collections.abc import Iterator
from math import prod
from typing import Any

import numpy as np
import onnx
import onnxruntime
from google.protobuf.message import DecodeError

from models.add.options import Options, check_sizes
from models.add.refusal import Refused
from models.export.macs import count_macs
from models.inputs import make
from models.reference import Run

COUNTED = ("Conv", "ConvTranspose", "Gemm", "MatMul")  # of models/export/macs.py
DOMAINS = ("", "ai.onnx", "ai.onnx.ml", "com.microsoft")  # whose operators ONNX Runtime brings
WEIGHTS = {
    onnx.TensorProto.DOUBLE: "fp32",
    onnx.TensorProto.FLOAT: "fp32",
    onnx.TensorProto.FLOAT16: "fp16",
    onnx.TensorProto.BFLOAT16: "fp16",
    onnx.TensorProto.INT8: "int8",
    onnx.TensorProto.UINT8: "int8",
}


class OnnxFile:
    """The file, parsed and found harmless. Raises Refused."""

    kind, reference = "onnx", f"onnxruntime {onnxruntime.__version__}"

    def __init__(self, data: bytes, asked: Options) -> None:
        try:
            self.model = onnx.ModelProto.FromString(data)
        except DecodeError:
            raise Refused("it is no ONNX file, or was cut short") from None
        if not self.model.graph.node:
            raise Refused("it is no ONNX file: there is no operator in it")
        for tensor in _tensors(self.model.graph):
            _check_tensor(tensor)
        for node in _nodes(self.model.graph):
            self._check_operator(node)
        self.given = data
        self.inputs = self._fixed(asked)
        check_sizes(self.inputs)
        self.data = self.model.SerializeToString(deterministic=True)

    def run(self) -> tuple[Run, list[str]]:
        """ONNX Runtime with the model, and the names of its outputs. Raises Refused in ONNX Runtime's words.

        A branch that is not taken may contradict the shapes that are asked for (a model for two sampling rates): then
        the axes stay open in the file, and only what is given has these shapes.
        """
        try:
            session = _session(self.data)
        except Refused:
            self.data = self.given
            session = _session(self.data)
        names = [each["name"] for each in self.inputs]
        outputs = [each.name for each in session.get_outputs()]

        def run(given: list[np.ndarray]) -> list[np.ndarray]:
            answers = session.run(None, dict(zip(names, given, strict=True)))
            for name, answer in zip(outputs, answers, strict=True):
                if not isinstance(answer, np.ndarray) or answer.dtype.kind not in "fiub":
                    raise Refused(f"the output '{name}' is no array of numbers")
            return answers

        return run, outputs

    def counts(self) -> tuple[int, int | None]:
        """Weights, and multiply-accumulates; None where there are branches, which may be taken or not."""
        params = sum(prod(tensor.dims) for tensor in _tensors(self.model.graph) if tensor.data_type in WEIGHTS)
        if any(True for node in self.model.graph.node for _ in _branches(node)):
            return params, None
        return params, count_macs(self._with_shapes())

    def _with_shapes(self) -> onnx.ModelProto:
        """The model with the shapes that its activations really have: shape inference does not follow all of them."""
        model = onnx.ModelProto()
        model.CopyFrom(self.model)
        given = {value.name for value in (*model.graph.input, *model.graph.initializer, *model.graph.output)}
        wanted = {name for node in model.graph.node if node.op_type in COUNTED for name in (*node.input, *node.output)}
        produced = {name for node in model.graph.node for name in node.output}
        asked = sorted(wanted & produced - given)
        if not asked:
            return model
        model.graph.output.extend(onnx.ValueInfoProto(name=name) for name in asked)
        names = [each["name"] for each in self.inputs]
        answers = _session(model.SerializeToString()).run(asked, dict(zip(names, make(self.inputs, 0), strict=True)))
        del model.graph.output[-len(asked) :]
        for name, answer in zip(asked, answers, strict=True):
            kind = onnx.helper.np_dtype_to_tensor_dtype(answer.dtype)
            model.graph.value_info.append(onnx.helper.make_tensor_value_info(name, kind, answer.shape))
        return model

    def precision(self) -> str:
        """In which type most of the weights are."""
        sizes: Counter[str] = Counter()
        for tensor in _tensors(self.model.graph):
            if tensor.data_type in WEIGHTS:
                sizes[WEIGHTS[tensor.data_type]] += prod(tensor.dims)
        return sizes.most_common(1)[0][0] if sizes else "fp32"

    def _check_operator(self, node: onnx.NodeProto) -> None:
        if node.domain not in DOMAINS:
            raise Refused(f"the operator {node.domain}.{node.op_type} is of a domain that no framework here knows")
        local = {function.name for function in self.model.functions}
        if node.domain in ("", "ai.onnx") and node.op_type not in local and not onnx.defs.has(node.op_type):
            raise Refused(f"the operator {node.op_type} ({node.name or 'no name'}) is not of ONNX")

    def _fixed(self, asked: Options) -> list[dict[str, Any]]:
        """Give the graph's inputs the shapes that are asked for; what is inferred from others' is taken out."""
        graph = self.model.graph
        initial = {tensor.name for tensor in graph.initializer}
        values = [value for value in graph.input if value.name not in initial]
        if not values:
            raise Refused("it takes no input")
        asked.check_names(value.name for value in values)
        inputs = []
        for value in values:
            if not value.type.HasField("tensor_type") or value.type.tensor_type.elem_type == onnx.TensorProto.STRING:
                raise Refused(f"the input '{value.name}' is no array of numbers")
            tensor = value.type.tensor_type
            declared = [dim.dim_value if dim.dim_value > 0 else None for dim in tensor.shape.dim]
            shape = asked.shape(value.name, declared)
            for dim, size in zip(tensor.shape.dim, shape, strict=True):
                dim.dim_value = size
            dtype = onnx.helper.tensor_dtype_to_np_dtype(tensor.elem_type)
            inputs.append(asked.describe(value.name, shape, dtype.name))
        del graph.value_info[:]
        for value in graph.output:
            value.type.tensor_type.ClearField("shape")
        return inputs


def _session(model: bytes) -> onnxruntime.InferenceSession:
    try:
        return onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    except Exception as error:  # it has a class for each kind of fault
        raise Refused(f"ONNX Runtime cannot load it: {error}") from None


def _check_tensor(tensor: onnx.TensorProto) -> None:
    """A tensor must be in the file, and as large as it says. Raises Refused."""
    if tensor.data_location == onnx.TensorProto.EXTERNAL or tensor.external_data:
        where = next((entry.value for entry in tensor.external_data if entry.key == "location"), "another file")
        raise Refused(f"the weights '{tensor.name}' are in {where!r}: save the model as one file")
    if any(size < 0 for size in tensor.dims):
        raise Refused(f"the weights '{tensor.name}' have the shape {list(tensor.dims)}")
    if tensor.HasField("raw_data") and tensor.data_type in WEIGHTS:
        size = onnx.helper.tensor_dtype_to_np_dtype(tensor.data_type).itemsize * prod(tensor.dims)
        if size != len(tensor.raw_data):
            raise Refused(
                f"the weights '{tensor.name}' say that they are {size} bytes, and {len(tensor.raw_data)} are there"
            )


def _nodes(graph: onnx.GraphProto) -> Iterator[onnx.NodeProto]:
    """Every operator, also those of branches."""
    for node in graph.node:
        yield node
        for inner in _branches(node):
            yield from _nodes(inner)


def _tensors(graph: onnx.GraphProto) -> Iterator[onnx.TensorProto]:
    """Every tensor that stands in the file, also those of branches and constants."""
    yield from graph.initializer
    for sparse in graph.sparse_initializer:
        yield from (sparse.values, sparse.indices)
    for node in graph.node:
        for attribute in node.attribute:
            yield from ([attribute.t] if attribute.HasField("t") else [])
            yield from attribute.tensors
        for inner in _branches(node):
            yield from _tensors(inner)


def _branches(node: onnx.NodeProto) -> Iterator[onnx.GraphProto]:
    for attribute in node.attribute:
        yield from ([attribute.g] if attribute.HasField("g") else [])
        yield from attribute.graphs
