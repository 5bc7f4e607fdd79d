"""Multiply-accumulates of one inference of a TFLite file, counted as models/export/macs.py does."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import prod
from typing import Any

from ai_edge_litert.schema_py_generated import BuiltinOperator

BUILT_IN = frozenset(name for name in vars(BuiltinOperator) if not name.startswith("_"))
WITHOUT = {"NumericVerify", "TFLite_Detection_PostProcess"}  # of LiteRT's own that are no built-in ones
# Built-in operators that multiply matrices and are not counted, or that run another graph, as often as it turns out.
UNCOUNTED = {
    "CALL", "CUSTOM", "DELEGATE", "EMBEDDING_LOOKUP_SPARSE", "IF", "LSH_PROJECTION", "RFFT2D", "STABLEHLO_CASE",
    "STABLEHLO_COMPOSITE", "STABLEHLO_CONVOLUTION", "STABLEHLO_CUSTOM_CALL", "STABLEHLO_DOT_GENERAL", "STABLEHLO_WHILE",
    "WHILE",
}  # fmt: skip


@dataclass(frozen=True)
class _Operator:
    """An operator, and the shapes that its tensors really have."""

    inputs: Sequence[int]
    output: int
    shapes: Mapping[int, list[int]]

    def takes(self, place: int) -> list[int]:
        """The shape of an input."""
        return self.shapes[self.inputs[place]]

    def gives(self) -> list[int]:
        """The shape of its output."""
        return self.shapes[self.output]

    def sizes(self, places: Iterable[int]) -> int:
        """How many numbers the inputs at these places have, of those that are given."""
        return sum(prod(self.takes(place)) for place in places if place < len(self.inputs) and self.inputs[place] >= 0)


def count(operators: Iterable[Mapping[str, Any]], shapes: Mapping[int, list[int]]) -> int | None:
    """All of them; None where an operator has some that are not counted."""
    macs = 0
    for each in operators:
        name = each["op_name"]
        if name in COUNTS:
            macs += COUNTS[name](_Operator(each["inputs"], each["outputs"][0], shapes))
        elif name in UNCOUNTED or name not in BUILT_IN | WITHOUT:
            return None
    return macs


def _convolution(operator: _Operator) -> int:
    return prod(operator.gives()) * prod(operator.takes(1)[1:])


def _convolution_3d(operator: _Operator) -> int:
    return prod(operator.gives()) * prod(operator.takes(1)[:-1])


def _depthwise_convolution(operator: _Operator) -> int:
    return prod(operator.gives()) * prod(operator.takes(1)[1:3])


def _transposed_convolution(operator: _Operator) -> int:
    """Each input is spread over the filter's outputs: its last axis is the input's."""
    return prod(operator.takes(2)) * prod(operator.takes(1)[:-1])


def _fully_connected(operator: _Operator) -> int:
    return prod(operator.gives()) * operator.takes(1)[-1]


def _matrix_product(operator: _Operator) -> int:
    """Either may be transposed, which is not told: of the first's two axes, one is the output's."""
    rows = operator.gives()[-2]
    return prod(operator.gives()) * prod(operator.takes(0)[-2:]) // rows if rows else 0


def _steps(*weights: int) -> Callable[[_Operator], int]:
    """Each step of each sequence multiplies with all of these matrices once."""
    return lambda operator: prod(operator.takes(0)[:-1]) * operator.sizes(weights)


def _lstm(operator: _Operator) -> int:
    """The basic kind has one matrix for everything, and the other one is as that for sequences."""
    return (_steps(2) if len(operator.inputs) == 5 else _LSTM)(operator)


_LSTM = _steps(*range(1, 9), 16)  # for the input, for the state, and the projection
COUNTS: dict[str, Callable[[_Operator], int]] = {
    "BATCH_MATMUL": _matrix_product,
    "BIDIRECTIONAL_SEQUENCE_LSTM": _steps(*range(1, 9), 16, *range(18, 26), 33, *range(40, 48)),
    "BIDIRECTIONAL_SEQUENCE_RNN": _steps(1, 2, 5, 6, 10, 11),
    "CONV_2D": _convolution,
    "CONV_3D": _convolution_3d,
    "CONV_3D_TRANSPOSE": _transposed_convolution,
    "DEPTHWISE_CONV_2D": _depthwise_convolution,
    "FULLY_CONNECTED": _fully_connected,
    "LSTM": _lstm,
    "RNN": _steps(1, 2),
    "SVDF": _steps(1, 2),
    "TRANSPOSE_CONV": _transposed_convolution,
    "UNIDIRECTIONAL_SEQUENCE_LSTM": _LSTM,
    "UNIDIRECTIONAL_SEQUENCE_RNN": _steps(1, 2),
}
