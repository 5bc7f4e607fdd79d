"""Runs inside the image models-add: prints what models/add counts of small TFLite files, as JSON."""

import json
from pathlib import Path

import numpy as np
from tiny_tflite import Graph, write

from models.add.from_tflite import TfliteFile
from models.add.options import Options

ASKED = Options("counted", Path("counted"), Path("/tmp"), {}, {}, None)
random = np.random.RandomState(0)


def numbers(*shape: int) -> np.ndarray:
    return random.standard_normal(shape).astype(np.float32)


def counted(*graphs: Graph) -> int | None:
    return TfliteFile(write(*graphs), ASKED).counts()[1]


def one(kind: str, given: tuple, takes: list, gives: tuple, options: tuple | None = None, more: dict | None = None,
         variables: tuple = ()) -> object:  # fmt: skip
    """Of a single operator; `takes` are shapes of weights, None for what is left out, or names of `more`."""
    tensors: dict = {"x": given, "y": gives, **(more or {})}
    names = []
    for place, each in enumerate(takes):
        if isinstance(each, tuple):
            tensors[f"w{place}"] = numbers(*each)
            each = f"w{place}"
        names.append(each or "")
    return counted(Graph(tensors, [(kind, names, ["y"], options)], variables=variables))


def lstm(projected: bool) -> object:
    """2 sequences of 7 steps of 3 numbers, 5 in the state, projected to 4; input and forget gate are one then."""
    out = 4 if projected else 5
    gates = [None if projected else (5, 3), (5, 3), (5, 3), (5, 3), None if projected else (5, out)]
    gates += [(5, out)] * 3 + [None] * 3 + [None if projected else (5,), (5,), (5,), (5,)]
    gates += [(4, 5) if projected else None, None, "h", "c"]
    return one("UNIDIRECTIONAL_SEQUENCE_LSTM", (2, 7, 3), ["x", *gates], (2, 7, out),
                ("UnidirectionalSequenceLSTMOptions", {"fusedActivationFunction": 4}),
                {"h": (2, out), "c": (2, 5)}, ("h", "c"))  # fmt: skip


def product(first: tuple, second: tuple, made: tuple, **transposed: bool) -> object:
    return one("BATCH_MATMUL", first, ["x", second], made, ("BatchMatMulOptions", transposed))


def spectrum() -> object:
    tensors = {"x": (1, 8), "n": np.array([1, 8], np.int32), "c": (1, 5), "y": (1, 5)}
    return counted(
        Graph(tensors, [("RFFT2D", ["x", "n"], ["c"], None), ("COMPLEX_ABS", ["c"], ["y"], None)], complexes=("c",))
    )


def loop() -> object:
    """A product, and as many more as it takes."""
    tensors = {"x": (1, 4), "w": numbers(4, 4), "m": (1, 4), "y": (1, 4)}
    body = Graph({"a": (1, 4), "v": numbers(4, 4), "b": (1, 4)}, [("FULLY_CONNECTED", ["a", "v", ""], ["b"], FULL)],
                 ("a",), ("b",))  # fmt: skip
    below = Graph({"a": (1, 4), "l": numbers(1), "g": (1, 4), "zero": np.array([0, 1], np.int32), "c": ()},
                  [("LESS", ["a", "l"], ["g"], None), ("REDUCE_ALL", ["g", "zero"], ["c"], None)],
                  ("a",), ("c",), bools=("g", "c"))  # fmt: skip
    operators = [
        ("FULLY_CONNECTED", ["x", "w", ""], ["m"], FULL),
        ("WHILE", ["m"], ["y"], ("WhileOptions", {"condSubgraphIndex": 1, "bodySubgraphIndex": 2})),
    ]
    return counted(Graph(tensors, operators), below, body)


GATES = [(5, 3)] * 4 + [(5, 5)] * 4 + [None] * 3 + [(5,)] * 4 + [None] * 2
FULL = ("FullyConnectedOptions", {})
CONV = {"strideH": 1, "strideW": 1, "dilationHFactor": 1, "dilationWFactor": 1, "padding": 1}
COUNTED = {
    "CONV_2D": lambda: one("CONV_2D", (1, 8, 8, 3), ["x", (6, 3, 3, 3), (6,)], (1, 6, 6, 6), ("Conv2DOptions", CONV)),
    "DEPTHWISE_CONV_2D": lambda: one(
        "DEPTHWISE_CONV_2D", (1, 8, 8, 3), ["x", (1, 3, 3, 6), (6,)], (1, 6, 6, 6),
        ("DepthwiseConv2DOptions", CONV | {"depthMultiplier": 2}),
    ),
    "TRANSPOSE_CONV": lambda: one(
        "TRANSPOSE_CONV", (1, 4, 4, 6), ["shape", (5, 2, 2, 6), "x"], (1, 8, 8, 5),
        ("TransposeConvOptions", {"strideH": 2, "strideW": 2, "padding": 1}),
        {"shape": np.array([1, 8, 8, 5], np.int32)},
    ),
    "CONV_3D": lambda: one(
        "CONV_3D", (1, 4, 5, 5, 2), ["x", (3, 3, 3, 2, 8)], (1, 2, 3, 3, 8),
        ("Conv3DOptions", {"strideD": 1, "strideH": 1, "strideW": 1, "padding": 1, "dilationDFactor": 1,
                           "dilationHFactor": 1, "dilationWFactor": 1}),
    ),
    "FULLY_CONNECTED": lambda: one("FULLY_CONNECTED", (2, 3, 3, 2), ["x", (5, 18), None], (2, 5), FULL),
    "BATCH_MATMUL": lambda: product((2, 3, 4), (2, 4, 5), (2, 3, 5)),
    "BATCH_MATMUL, the first transposed": lambda: product((2, 4, 3), (2, 4, 5), (2, 3, 5), adjX=True),
    "BATCH_MATMUL, the second transposed": lambda: product((2, 3, 4), (2, 5, 4), (2, 3, 5), adjY=True),
    "UNIDIRECTIONAL_SEQUENCE_LSTM": lambda: lstm(projected=False),
    "UNIDIRECTIONAL_SEQUENCE_LSTM, projected": lambda: lstm(projected=True),
    "UNIDIRECTIONAL_SEQUENCE_RNN": lambda: one(
        "UNIDIRECTIONAL_SEQUENCE_RNN", (2, 7, 3), ["x", (5, 3), (5, 5), (5,), "h"], (2, 7, 5),
        ("SequenceRNNOptions", {"fusedActivationFunction": 4}), {"h": (2, 5)}, ("h",),
    ),
    "RNN": lambda: one(
        "RNN", (2, 3), ["x", (5, 3), (5, 5), (5,), "h"], (2, 5), ("RNNOptions", {"fusedActivationFunction": 4}),
        {"h": (2, 5)}, ("h",),
    ),
    "BIDIRECTIONAL_SEQUENCE_RNN": lambda: one(
        "BIDIRECTIONAL_SEQUENCE_RNN", (2, 7, 3),
        ["x", (5, 3), (5, 5), (5,), "h", (5, 3), (5, 5), (5,), "g", None, None, None], (2, 7, 10),
        ("BidirectionalSequenceRNNOptions", {"fusedActivationFunction": 4, "mergeOutputs": True}),
        {"h": (2, 5), "g": (2, 5)}, ("h", "g"),
    ),
    "BIDIRECTIONAL_SEQUENCE_LSTM": lambda: one(
        "BIDIRECTIONAL_SEQUENCE_LSTM", (2, 7, 3),
        ["x", *GATES, *GATES, "h", "c", "g", "d", *[None] * 9], (2, 7, 10),
        ("BidirectionalSequenceLSTMOptions", {"fusedActivationFunction": 4, "mergeOutputs": True, "timeMajor": False}),
        dict.fromkeys("hcgd", (2, 5)), tuple("hcgd"),
    ),
    "LSTM": lambda: one(
        "LSTM", (2, 3), ["x", *GATES, "h", "c"], (2, 5), ("LSTMOptions", {"fusedActivationFunction": 4}),
        dict.fromkeys("hc", (2, 5)), tuple("hc"),
    ),
    "CONV_3D_TRANSPOSE": lambda: one(
        "CONV_3D_TRANSPOSE", (1, 2, 4, 4, 6), ["shape", (2, 2, 2, 5, 6), "x"], (1, 4, 8, 8, 5),
        ("Conv3DOptions", {"strideD": 2, "strideH": 2, "strideW": 2, "padding": 1, "dilationDFactor": 1,
                           "dilationHFactor": 1, "dilationWFactor": 1}),
        {"shape": np.array([1, 4, 8, 8, 5], np.int32)},
    ),
    "SVDF": lambda: one(
        "SVDF", (2, 3), ["x", (8, 3), (8, 10), None, "h"], (2, 4), ("SVDFOptions", {"rank": 2}), {"h": (2, 80)}, ("h",)
    ),
    "RELU": lambda: one("RELU", (2, 3), ["x"], (2, 3)),
    "RFFT2D": spectrum,
    "WHILE": loop,
}  # fmt: skip

print(json.dumps({name: count() for name, count in COUNTED.items()}))
