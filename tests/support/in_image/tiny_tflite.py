"""Writes TFLite files of a few operators, inside the image models-add."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import flatbuffers
import numpy as np
from ai_edge_litert import schema_py_generated as schema

TYPES = {"float32": schema.TensorType.FLOAT32, "int32": schema.TensorType.INT32}


@dataclass
class Graph:
    """Tensors by name: their shapes, or what they hold; operators: a kind, what each takes and gives, its options.

    A kind that TFLite does not have is a custom operator; options are the schema's, with what stands in them.
    """

    tensors: Mapping[str, tuple[int, ...] | np.ndarray]
    operators: Sequence[tuple[str, list[str], list[str], tuple[str, dict[str, object]] | None]]
    inputs: Sequence[str] = ("x",)
    outputs: Sequence[str] = ("y",)
    variables: Collection[str] = ()
    bools: Collection[str] = ()
    complexes: Collection[str] = ()


def write(*graphs: Graph) -> bytes:
    """The file: the first graph is the model, the others are what its operators call."""
    model = schema.ModelT()
    model.version, model.subgraphs, model.operatorCodes, model.buffers = 3, [], [], [schema.BufferT()]
    for graph in graphs:
        model.subgraphs.append(_graph(graph, model))
    builder = flatbuffers.Builder(1024)
    builder.Finish(model.Pack(builder), b"TFL3")
    return bytes(builder.Output())


def _graph(graph: Graph, model: schema.ModelT) -> schema.SubGraphT:
    made = schema.SubGraphT()
    names = list(graph.tensors)
    made.tensors = [_tensor(name, graph, model) for name in names]
    made.inputs = [names.index(name) for name in graph.inputs]
    made.outputs = [names.index(name) for name in graph.outputs]
    made.operators = []
    for kind, takes, gives, options in graph.operators:
        operator, code = schema.OperatorT(), schema.OperatorCodeT()
        code.version = 1
        code.builtinCode = getattr(schema.BuiltinOperator, kind, schema.BuiltinOperator.CUSTOM)
        code.deprecatedBuiltinCode = min(code.builtinCode, schema.BuiltinOperator.PLACEHOLDER_FOR_GREATER_OP_CODES)
        code.customCode = kind if code.builtinCode == schema.BuiltinOperator.CUSTOM else None
        operator.opcodeIndex = len(model.operatorCodes)
        model.operatorCodes.append(code)
        operator.inputs = [names.index(name) if name else -1 for name in takes]
        operator.outputs = [names.index(name) for name in gives]
        if options:
            operator.builtinOptionsType = getattr(schema.BuiltinOptions, options[0])
            operator.builtinOptions = getattr(schema, f"{options[0]}T")()
            vars(operator.builtinOptions).update(options[1])
        made.operators.append(operator)
    return made


def _tensor(name: str, graph: Graph, model: schema.ModelT) -> schema.TensorT:
    tensor, content = schema.TensorT(), graph.tensors[name]
    tensor.name, tensor.buffer, tensor.isVariable = name, 0, name in graph.variables
    if isinstance(content, np.ndarray):
        tensor.shape, tensor.type = list(content.shape), TYPES[content.dtype.name]
        tensor.buffer = len(model.buffers)
        model.buffers.append(schema.BufferT())
        model.buffers[-1].data = np.frombuffer(content.tobytes(), np.uint8)
    else:
        tensor.shape = list(content)
        tensor.type = schema.TensorType.FLOAT32
        if name in graph.bools:
            tensor.type = schema.TensorType.BOOL
        if name in graph.complexes:
            tensor.type = schema.TensorType.COMPLEX64
    return tensor
