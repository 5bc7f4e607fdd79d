"""Runs inside the image models-add: prints what models/add counts of small ONNX files, as JSON."""

import json
from itertools import pairwise
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from models.add.from_onnx import OnnxFile
from models.add.options import Options

FLOAT, UINT8 = TensorProto.FLOAT, TensorProto.UINT8
ASKED = Options("counted", Path("counted"), Path("/tmp"), {}, {}, None)
SCALE = np.full(1, 0.1, np.float32)
random = np.random.RandomState(0)


def numbers(*shape: int, kind: str = "float32") -> np.ndarray:
    drawn = random.standard_normal(shape) if kind == "float32" else random.randint(1, 5, shape)
    return drawn.astype(kind)


def graph(nodes: list, shapes: dict, weights: dict, outputs: tuple = ("y",), kind: int = FLOAT) -> onnx.GraphProto:
    return helper.make_graph(
        nodes,
        "counted",
        [helper.make_tensor_value_info(name, kind, shape) for name, shape in shapes.items()],
        [onnx.ValueInfoProto(name=name) for name in outputs],
        [numpy_helper.from_array(np.asarray(array), name) for name, array in weights.items()],
    )


def counted(made: onnx.GraphProto, functions: tuple = (), opset: int = 23) -> int | None:
    opsets = [helper.make_opsetid(*each) for each in (("", opset), ("com.microsoft", 1), ("mine", 1))]
    model = helper.make_model(made, opset_imports=opsets, functions=functions, ir_version=10)
    file = OnnxFile(model.SerializeToString(), ASKED)
    file.run()
    return file.counts()[1]


def one(kind: str, shapes: dict, weights: dict, domain: str = "", takes: list | None = None, **more: object) -> object:
    """Of a single operator, whose tensors are floats or bytes."""
    element = more.pop("element", FLOAT)
    takes = takes or [*shapes, *weights]
    made = graph([helper.make_node(kind, takes, ["y"], domain=domain, **more)], shapes, weights, kind=element)
    return counted(made)


def quantized(kind: str, given: list[int], weights: list[int], domain: str = "", **more: object) -> object:
    scale, zero = np.float32(0.1), np.uint8(1)
    beside = {"s": scale, "z": zero, "w": numbers(*weights, kind="uint8"), "t": scale, "u": zero}
    order = ["x", "s", "z", "w", "t", "u"]
    if kind == "QGemm":
        order += ["", "s", "z"]
    else:
        order += ["s", "z"]
    return one(kind, {"x": given}, beside, domain, takes=order, element=UINT8, **more)


def recurrent(kind: str, gates: int, directions: int = 1, lengths: object = None, **more: object) -> object:
    """3 numbers a step, 5 in the state."""
    weights = {"w": numbers(directions, gates * 5, 3), "r": numbers(directions, gates * 5, 5)}
    takes = ["x", "w", "r"]
    if lengths is not None:
        weights["lengths"] = np.array(lengths, np.int32)
        takes += ["", "lengths"]
    made = [helper.make_node(kind, takes, ["y"], hidden_size=5, **more)]
    return counted(graph(made, {"x": [7, 2, 3]}, weights))


def recurrent_in_bytes() -> object:
    """An LSTM as quantize_dynamic writes it."""
    weights = {name: numbers(1, size, 20, kind="uint8") for name, size in (("w", 3), ("r", 5))}
    for name in ("w", "r"):
        weights |= {f"{name}s": np.full(1, 0.1, np.float32), f"{name}z": np.ones(1, np.uint8)}
    takes = ["x", "w", "r", "", "", "", "", "", "ws", "wz", "rs", "rz"]
    made = [helper.make_node("DynamicQuantizeLSTM", takes, ["y"], domain="com.microsoft", hidden_size=5)]
    return counted(graph(made, {"x": [7, 2, 3]}, weights))


def attention(axes: int, past: bool = False) -> object:
    """4 heads for 2 of the keys, 3 queries of 8 numbers, 6 keys, values of 5 numbers; 2 keys of before."""
    if axes == 3:
        given, heads = {"x": [1, 3, 32], "k": [1, 6, 16], "v": [1, 6, 10]}, {"q_num_heads": 4, "kv_num_heads": 2}
    else:
        given, heads = {"x": [1, 4, 3, 8], "k": [1, 2, 6, 8], "v": [1, 2, 6, 5]}, {}
    takes, gives = list(given), ["y"]
    if past:
        given |= {"pk": [1, 2, 2, 8], "pv": [1, 2, 2, 5]}
        takes, gives = [*takes, "", "pk", "pv"], ["y", "nk", "nv"]
    return counted(graph([helper.make_node("Attention", takes, gives, **heads)], given, {}))


def function(calls: int, domain: str = "mine", opset: int = 23) -> object:
    """One that multiplies by a matrix of its own, called so often, from another one."""
    constant = helper.make_node("Constant", [], ["w"], value=numpy_helper.from_array(numbers(4, 4)))
    opsets = [helper.make_opsetid("", opset), helper.make_opsetid("mine", 1)]
    product = [constant, helper.make_node("MatMul", ["a", "w"], ["b"])]
    inner = helper.make_function("mine", "Inner", ["a"], ["b"], product, opsets)
    call = [helper.make_node("Inner", ["a"], ["b"], domain="mine")]
    outer = helper.make_function("mine", "Outer", ["a"], ["b"], call, opsets)
    names = ["x", *(f"n{place}" for place in range(calls - 1)), "y"]
    nodes = [helper.make_node("Outer", [a], [b], domain="mine") for a, b in pairwise(names)]
    return counted(graph(nodes, {"x": [2, 4]}, {}), (inner, outer))


def branches(kind: str) -> object:
    """A product, and a branch with the operator `kind` on both sides."""

    def side(name: str) -> onnx.GraphProto:
        takes = ["m", "w"] if kind == "MatMul" else ["m"]
        return helper.make_graph([helper.make_node(kind, takes, [name])], name, [], [onnx.ValueInfoProto(name=name)])

    nodes = [
        helper.make_node("MatMul", ["x", "w"], ["m"]),
        helper.make_node("If", ["c"], ["y"], then_branch=side("one"), else_branch=side("other")),
    ]
    return counted(graph(nodes, {"x": [2, 4]}, {"w": numbers(4, 4), "c": np.array(True)}))


def dead_end() -> object:
    """A shape that no inference follows: as many rows as there are numbers that are not zero."""
    nodes = [
        helper.make_node("NonZero", ["x"], ["places"]),
        helper.make_node("Cast", ["places"], ["floats"], to=FLOAT),
        helper.make_node("Transpose", ["floats"], ["rows"]),
        helper.make_node("MatMul", ["rows", "w"], ["y"]),
    ]
    return counted(graph(nodes, {"x": [3, 4]}, {"w": numbers(2, 5)}))


def quantized_products() -> object:
    """A MatMulInteger and a ConvInteger, as quantize_dynamic writes them."""
    nodes = [
        helper.make_node("DynamicQuantizeLinear", ["x"], ["q", "s", "z"]),
        helper.make_node("ConvInteger", ["q", "f", "z"], ["c"]),
        helper.make_node("Cast", ["c"], ["y"], to=FLOAT),
        helper.make_node("MatMulInteger", ["q", "w", "z"], ["p"]),
    ]
    weights = {"f": numbers(4, 3, 3, 3, kind="uint8"), "w": numbers(8, 5, kind="uint8")}
    return counted(graph(nodes, {"x": [1, 3, 8, 8]}, weights, ("y", "p")))


def einsum(equation: str, *shapes: list[int]) -> object:
    given = {f"x{place}": shape for place, shape in enumerate(shapes)}
    return one("Einsum", given, {}, equation=equation)


COUNTED = {
    "Conv": lambda: one("Conv", {"x": [1, 4, 8, 8]}, {"w": numbers(6, 2, 3, 3)}, group=2),
    "ConvTranspose": lambda: one("ConvTranspose", {"x": [1, 6, 4, 4]}, {"w": numbers(6, 5, 2, 2)}, strides=[2, 2]),
    "Gemm": lambda: one("Gemm", {"x": [10, 1]}, {"w": numbers(7, 10)}, transA=1, transB=1),
    "MatMul": lambda: one("MatMul", {"x": [2, 3, 4], "k": [2, 4, 5]}, {}),
    "MatMul by a vector": lambda: one("MatMul", {"x": [3, 4]}, {"w": numbers(4)}),
    "MatMulInteger and ConvInteger": quantized_products,
    "QLinearConv": lambda: quantized("QLinearConv", [1, 4, 8, 8], [6, 2, 3, 3], group=2),
    "QLinearMatMul": lambda: quantized("QLinearMatMul", [2, 4], [4, 5]),
    "QGemm": lambda: quantized("QGemm", [2, 4], [5, 4], "com.microsoft", transB=1),
    "FusedMatMul": lambda: one("FusedMatMul", {"x": [2, 4, 3], "k": [2, 4, 5]}, {}, "com.microsoft", transA=1),
    "FusedConv": lambda: one("FusedConv", {"x": [1, 4, 8, 8]}, {"w": numbers(6, 4, 3, 3)}, "com.microsoft"),
    "FusedGemm": lambda: one("FusedGemm", {"x": [2, 4]}, {"w": numbers(4, 5), "b": numbers(5)}, "com.microsoft",
                             activation="Relu"),
    "MatMulIntegerToFloat": lambda: one(
        "MatMulIntegerToFloat", {"x": [2, 4]}, {"w": numbers(4, 5, kind="uint8"), "s": SCALE, "t": SCALE},
        "com.microsoft", element=UINT8,
    ),
    "DynamicQuantizeMatMul": lambda: one(
        "DynamicQuantizeMatMul", {"x": [2, 4]}, {"w": numbers(4, 5, kind="uint8"), "s": SCALE}, "com.microsoft"
    ),
    "MatMulNBits": lambda: one(
        "MatMulNBits", {"x": [2, 32]}, {"w": numbers(5, 2, 8, kind="uint8"), "s": numbers(10)}, "com.microsoft",
        K=32, N=5, bits=4, block_size=16,
    ),
    "DeformConv": lambda: one(
        "DeformConv", {"x": [1, 4, 8, 8]}, {"w": numbers(6, 4, 3, 3), "o": numbers(1, 18, 6, 6)}
    ),
    "RNN": lambda: recurrent("RNN", 1),
    "GRU": lambda: recurrent("GRU", 3, linear_before_reset=1),
    "LSTM": lambda: recurrent("LSTM", 4),
    "LSTM in bytes": recurrent_in_bytes,
    "LSTM in both directions": lambda: recurrent("LSTM", 4, 2, direction="bidirectional"),
    "LSTM of full sequences": lambda: recurrent("LSTM", 4, lengths=[7, 7]),
    "LSTM of shorter sequences": lambda: recurrent("LSTM", 4, lengths=[7, 3]),
    "Einsum, a product": lambda: einsum("bij,bjk->bik", [2, 3, 4], [2, 4, 5]),
    "Einsum, attention": lambda: einsum("bqhd,bkhd->bhqk", [1, 3, 2, 8], [1, 5, 2, 8]),
    "Einsum with dots": lambda: einsum("...ij,jk", [2, 3, 4, 5], [5, 6]),
    "Einsum with summed axes": lambda: einsum("ij,jk->k", [3, 4], [4, 5]),
    "Einsum without a sum": lambda: einsum("i,j->ij", [3], [4]),
    "Einsum of one": lambda: einsum("ij->ji", [3, 4]),
    "Einsum of three": lambda: einsum("ij,jk,kl->il", [2, 3], [3, 4], [4, 5]),
    "Attention": lambda: attention(4),
    "Attention of three axes": lambda: attention(3),
    "Attention with a past": lambda: attention(4, past=True),
    "DFT": lambda: one("DFT", {"x": [1, 8, 1]}, {}),
    "Inverse": lambda: one("Inverse", {"x": [3, 3]}, {}, "com.microsoft"),
    "Gelu of Microsoft": lambda: one("Gelu", {"x": [3, 3]}, {}, "com.microsoft"),
    "Relu": lambda: one("Relu", {"x": [3, 3]}, {}),
    "functions": lambda: function(3),
    "functions of another version": lambda: function(3, opset=17),
    "branches with products": lambda: branches("MatMul"),
    "branches without": lambda: branches("Relu"),
    "shapes that turn out": dead_end,
}  # fmt: skip

print(json.dumps({name: count() for name, count in COUNTED.items()}))
