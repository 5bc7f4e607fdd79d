"""Runs inside the image models-add: writes files into /out that `bench models add` must refuse."""

from pathlib import Path

import numpy as np
from onnx import TensorProto, helper, numpy_helper

OUT = Path("/out")
FLOAT = TensorProto.FLOAT


def model(nodes: list, inputs: list, weights: list = (), outputs: list | None = None) -> bytes:
    """A graph as a file."""
    outputs = outputs or [helper.make_tensor_value_info("y", FLOAT, None)]
    graph = helper.make_graph(nodes, "bad", inputs, outputs, list(weights))
    opsets = [helper.make_opsetid("", 13), helper.make_opsetid("evil.example", 1)]
    return helper.make_model(graph, opset_imports=opsets).SerializeToString()


def tensor(name: str = "x", shape: tuple = (1, 4), kind: int = FLOAT) -> object:
    return helper.make_tensor_value_info(name, kind, shape)


def external() -> bytes:
    """Weights in a file outside of the model's folder."""
    weights = TensorProto(name="w", data_type=FLOAT, dims=[4], data_location=TensorProto.EXTERNAL)
    for key, value in (("location", "../../../../etc/passwd"), ("length", "16")):
        weights.external_data.add(key=key, value=value)
    return model([helper.make_node("Add", ["x", "w"], ["y"])], [tensor()], [weights])


def hidden_external() -> bytes:
    """The same in a constant of a branch."""
    weights = TensorProto(name="w", data_type=FLOAT, dims=[4], data_location=TensorProto.EXTERNAL)
    weights.external_data.add(key="location", value="/etc/shadow")
    branch = helper.make_graph(
        [helper.make_node("Constant", [], ["b"], value=weights)],
        "branch",
        [],
        [helper.make_tensor_value_info("b", FLOAT, [4])],
    )
    condition = numpy_helper.from_array(np.array(True), "c")
    node = helper.make_node("If", ["c"], ["y"], then_branch=branch, else_branch=branch)
    return model([node, helper.make_node("Identity", ["x"], ["z"])], [tensor()], [condition])


def larger_than_it_is() -> bytes:
    """Weights that say they are four terabytes."""
    weights = TensorProto(name="w", data_type=FLOAT, dims=[1 << 20, 1 << 20], raw_data=b"\0" * 16)
    return model([helper.make_node("MatMul", ["x", "w"], ["y"])], [tensor()], [weights])


def bomb() -> bytes:
    """A few bytes that want a terabyte once they run."""
    shape = numpy_helper.from_array(np.array([1 << 20, 1 << 18], np.int64), "s")
    nodes = [helper.make_node("ConstantOfShape", ["s"], ["z"]), helper.make_node("ReduceSum", ["z"], ["r"])]
    return model([*nodes, helper.make_node("Add", ["x", "r"], ["y"])], [tensor()], [shape])


FILES = {
    "external.onnx": external,
    "hidden_external.onnx": hidden_external,
    "larger_than_it_is.onnx": larger_than_it_is,
    "bomb.onnx": bomb,
    "gigantic_input.onnx": lambda: model(
        [helper.make_node("Relu", ["x"], ["y"])], [tensor(shape=(1, 1 << 20, 1 << 20))]
    ),
    "unknown_operator.onnx": lambda: model([helper.make_node("FancyAttention", ["x"], ["y"], name="it")], [tensor()]),
    "unknown_domain.onnx": lambda: model([helper.make_node("Steal", ["x"], ["y"], domain="evil.example")], [tensor()]),
    "strings.onnx": lambda: model([helper.make_node("Identity", ["x"], ["y"])], [tensor(kind=TensorProto.STRING)]),
    "no_input.onnx": lambda: model(
        [helper.make_node("Relu", ["w"], ["y"])], [], [numpy_helper.from_array(np.ones(3, np.float32), "w")]
    ),
    "zeros.onnx": lambda: model([helper.make_node("Sub", ["x", "x"], ["y"])], [tensor()]),
    "open.onnx": lambda: model([helper.make_node("Relu", ["x"], ["y"])], [tensor(shape=("n", 3, "h"))]),
    "table.onnx": lambda: model(  # a token beyond the table ends the run
        [helper.make_node("Gather", ["w", "x"], ["y"])],
        [tensor(shape=(1, 8), kind=TensorProto.INT64)],
        [numpy_helper.from_array(np.random.RandomState(0).standard_normal((5, 3)).astype(np.float32), "w")],
    ),
}

for name, make in FILES.items():
    (OUT / name).write_bytes(make())
good = model([helper.make_node("Relu", ["x"], ["y"])], [tensor()])
(OUT / "cut.onnx").write_bytes(good[: len(good) // 2])
(OUT / "zip.onnx").write_bytes(b"PK\x03\x04" + b"\0" * 64)
(OUT / "pickle.onnx").write_bytes(b"\x80\x02cos\nsystem\nq\x00X\x04\x00\x00\x00true")
(OUT / "text.onnx").write_text("no model at all\n")
(OUT / "garbage.tflite").write_bytes(b"\x1c\0\0\0TFL3" + bytes(range(256)) * 8)
(OUT / "marked.tflite").write_bytes(b"no TFLite file at all")
