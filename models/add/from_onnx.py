"""A user's ONNX file: what it must not be, its axes fixed, and what ONNX Runtime answers."""

from collections import Counter
from collections.abc import Sequence
from math import prod
from typing import Any

import numpy as np
import onnx
import onnxruntime
from google.protobuf.message import DecodeError

from models.add import onnx_macs
from models.add.onnx_checks import TYPES, WEIGHTS, check
from models.add.onnx_parts import tensors
from models.add.options import Options, check_sizes
from models.add.refusal import Refused
from models.inputs import make
from models.reference import Arrays, Run


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
        check(self.model)
        self.given = data
        self.inputs = self._fixed(asked)
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

    def kept(self, answers: Sequence[Arrays]) -> bytes:
        """What the store keeps: the file, whose outputs have those sizes that were the same for every input.

        Some importers want the shape of an output, and shape inference does not follow all of them.
        """
        if self.data == self.given:
            return self.given
        told = onnx.ModelProto.FromString(self.data)
        for place, value in enumerate(told.graph.output):
            shapes = [answer[place].shape for answer in answers]
            if len({len(shape) for shape in shapes}) == 1:
                sizes = [set(along) for along in zip(*shapes, strict=True)]
                dims = [
                    onnx.TensorShapeProto.Dimension(dim_value=size.pop() if len(size) == 1 else None) for size in sizes
                ]
                value.type.tensor_type.shape.CopyFrom(onnx.TensorShapeProto(dim=dims))
        data = told.SerializeToString(deterministic=True)
        try:
            _session(data)
        except Refused:
            return self.data
        return data

    def counts(self) -> tuple[int, int | None]:
        """Weights, and multiply-accumulates; None where those cannot be counted."""
        params = sum(prod(tensor.dims) for tensor in tensors(self.model) if tensor.data_type in WEIGHTS)
        try:
            return params, onnx_macs.count(onnx.ModelProto.FromString(self.data), self._answers)
        except (Refused, RuntimeError):  # what runs is not refused for the lack of a figure
            return params, None

    def precision(self) -> str:
        """In which type most of the weights are."""
        sizes: Counter[str] = Counter()
        for tensor in tensors(self.model):
            if tensor.data_type in WEIGHTS:
                sizes[WEIGHTS[tensor.data_type]] += prod(tensor.dims)
        return sizes.most_common(1)[0][0] if sizes else "fp32"

    def _answers(self, model: onnx.ModelProto, names: list[str]) -> list[np.ndarray]:
        session = _session(model.SerializeToString())
        given = zip((each["name"] for each in self.inputs), make(self.inputs, 0), strict=True)
        try:
            return session.run(names, dict(given))
        except Exception as error:
            raise Refused(f"ONNX Runtime cannot run it: {error}") from None

    def _fixed(self, asked: Options) -> list[dict[str, Any]]:
        """Give the graph's inputs the shapes that are asked for; what is inferred from others' is taken out."""
        graph = self.model.graph
        initial = {tensor.name for tensor in graph.initializer}
        initial |= {sparse.values.name for sparse in graph.sparse_initializer}
        values = [value for value in graph.input if value.name not in initial]
        if not values:
            raise Refused("it takes no input")
        asked.check_names(value.name for value in values)
        inputs = [_described(value, asked) for value in values]
        check_sizes(inputs)
        for value, described in zip(values, inputs, strict=True):
            dims = [onnx.TensorShapeProto.Dimension(dim_value=size) for size in described["shape"]]
            value.type.tensor_type.shape.CopyFrom(onnx.TensorShapeProto(dim=dims))
        del graph.value_info[:]
        for function in self.model.functions:
            del function.value_info[:]
        for value in graph.output:
            value.type.tensor_type.ClearField("shape")
        return inputs


def _described(value: onnx.ValueInfoProto, asked: Options) -> dict[str, Any]:
    tensor = value.type.tensor_type
    if not value.type.HasField("tensor_type") or tensor.elem_type == onnx.TensorProto.STRING:
        raise Refused(f"the input '{value.name}' is no array of numbers")
    if tensor.elem_type not in TYPES:
        raise Refused(
            f"the input '{value.name}' is of the type {tensor.elem_type}, which ONNX does not have: "
            "export the model again, with the type of its inputs"
        )
    sizes = [dim.dim_value if dim.dim_value > 0 else None for dim in tensor.shape.dim]
    shape = asked.shape(value.name, sizes if tensor.HasField("shape") else None)
    return asked.describe(value.name, shape, onnx.helper.tensor_dtype_to_np_dtype(tensor.elem_type).name)


def _session(model: bytes) -> onnxruntime.InferenceSession:
    try:
        return onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    except Exception as error:  # it has a class for each kind of fault
        raise Refused(f"ONNX Runtime cannot load it: {error}") from None
