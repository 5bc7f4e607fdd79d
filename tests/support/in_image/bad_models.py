"""Runs inside the image models-add: writes files into /out: all but a few must be refused by `bench models add`."""

from pathlib import Path

import numpy as np
from onnx import AttributeProto, FunctionProto, NodeProto, SparseTensorProto, TensorProto, helper, numpy_helper
from tiny_tflite import Graph, write

OUT = Path("/out")
FLOAT = TensorProto.FLOAT


def model(
    nodes: list,
    inputs: list,
    weights: list = (),
    outputs: list | None = None,
    functions: list = (),
    sparse: list = (),
) -> bytes:
    """A graph as a file."""
    outputs = outputs or [helper.make_tensor_value_info("y", FLOAT, None)]
    graph = helper.make_graph(nodes, "bad", inputs, outputs, list(weights), sparse_initializer=list(sparse))
    opsets = [helper.make_opsetid("", 13), helper.make_opsetid("evil.example", 1), helper.make_opsetid("mine", 1)]
    return helper.make_model(graph, opset_imports=opsets, functions=list(functions)).SerializeToString()


def tensor(name: str = "x", shape: tuple = (1, 4), kind: int = FLOAT) -> object:
    return helper.make_tensor_value_info(name, kind, shape)


def elsewhere() -> TensorProto:
    """Weights in a file of the system's."""
    weights = TensorProto(name="w", data_type=FLOAT, dims=[4], data_location=TensorProto.EXTERNAL)
    weights.external_data.add(key="location", value="/etc/shadow")
    return weights


def external() -> bytes:
    """Weights in a file outside of the model's folder."""
    weights = TensorProto(name="w", data_type=FLOAT, dims=[4], data_location=TensorProto.EXTERNAL)
    for key, value in (("location", "../../../../etc/passwd"), ("length", "16")):
        weights.external_data.add(key=key, value=value)
    return model([helper.make_node("Add", ["x", "w"], ["y"])], [tensor()], [weights])


def hidden_external() -> bytes:
    """The same in a constant of a branch."""
    branch = helper.make_graph(
        [helper.make_node("Constant", [], ["b"], value=elsewhere())],
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


def function(*nodes: NodeProto, defaults: tuple = (), calls: str = "Block") -> bytes:
    """A file with the function mine.Block, which takes `a` and gives `b`, and a call of one."""
    opsets = [helper.make_opsetid("", 13), helper.make_opsetid("evil.example", 1), helper.make_opsetid("mine", 1)]
    block: FunctionProto = helper.make_function("mine", "Block", ["a"], ["b"], list(nodes), opsets)
    block.attribute_proto.extend(defaults)
    return model([helper.make_node(calls, ["x"], ["y"], domain="mine")], [tensor()], functions=[block])


def weighted(weights: TensorProto) -> tuple[NodeProto, NodeProto]:
    """What a function does with weights of its own."""
    return helper.make_node("Constant", [], ["w"], value=weights), helper.make_node("MatMul", ["a", "w"], ["b"])


def default() -> bytes:
    """Weights that a function takes where its caller gives none."""
    constant, product = weighted(TensorProto())
    constant.attribute[0].CopyFrom(AttributeProto(name="value", ref_attr_name="its", type=AttributeProto.TENSOR))
    return function(constant, product, defaults=(helper.make_attribute("its", elsewhere()),))


def sparse(size: int, values: TensorProto | None = None) -> SparseTensorProto:
    """A square of weights of which one is not zero."""
    values = values or numpy_helper.from_array(np.ones(1, np.float32), "w")
    return SparseTensorProto(
        values=values, indices=numpy_helper.from_array(np.zeros(1, np.int64), "at"), dims=[size, size]
    )


def gigantic(kind: str, given: str) -> bytes:
    """A number, or four, that an operator makes terabytes of."""
    shape = numpy_helper.from_array(np.array([1 << 20, 1 << 20], np.int64), "s")
    nodes = [helper.make_node("ReduceMax", ["x"], ["one"], keepdims=0), helper.make_node(kind, [given, "s"], ["z"])]
    nodes += [helper.make_node("ReduceMax", ["z"], ["r"], keepdims=0), helper.make_node("Add", ["x", "r"], ["y"])]
    return model(nodes, [tensor()], [shape])


def endless() -> bytes:
    """A loop whose condition stays true."""
    body = helper.make_graph(
        [helper.make_node("Identity", ["on"], ["still"]), helper.make_node("Add", ["v", "v"], ["more"])],
        "body",
        [tensor("place", (), TensorProto.INT64), tensor("on", (), TensorProto.BOOL), tensor("v")],
        [tensor("still", (), TensorProto.BOOL), tensor("more")],
    )
    node = helper.make_node("Loop", ["", "yes", "x"], ["y"], body=body)
    return model([node], [tensor()], [numpy_helper.from_array(np.array(True), "yes")])


def rankless() -> bytes:
    """An input that does not even say how many axes it has."""
    given = tensor()
    given.type.tensor_type.ClearField("shape")
    return model([helper.make_node("MatMul", ["x", "w"], ["y"])], [given], [MATRIX])


def typed(kind: int) -> bytes:
    """An input of a type that there is not."""
    return model([helper.make_node("Relu", ["x"], ["y"])], [tensor(kind=kind)])


MATRIX = numpy_helper.from_array(np.random.RandomState(0).standard_normal((4, 3)).astype(np.float32), "w")
FILES = {
    "function.onnx": lambda: function(*weighted(MATRIX)),  # a good one
    "function_external.onnx": lambda: function(*weighted(elsewhere())),
    "function_default.onnx": default,
    "function_domain.onnx": lambda: function(helper.make_node("Steal", ["a"], ["b"], domain="evil.example")),
    "function_operator.onnx": lambda: function(helper.make_node("FancyAttention", ["a"], ["b"], name="it")),
    "function_missing.onnx": lambda: function(*weighted(MATRIX), calls="Gone"),
    "function_empty.onnx": lambda: function(),
    "function_recursive.onnx": lambda: function(helper.make_node("Block", ["a"], ["b"], domain="mine")),
    "sparse_external.onnx": lambda: model(
        [helper.make_node("MatMul", ["x", "w"], ["y"])], [tensor()], sparse=[sparse(4, elsewhere())]
    ),
    "sparse_constant.onnx": lambda: model(
        [
            helper.make_node("Constant", [], ["w"], sparse_value=sparse(4, elsewhere())),
            helper.make_node("MatMul", ["x", "w"], ["y"]),
        ],
        [tensor()],
    ),
    "sparse_gigantic.onnx": lambda: model(
        [helper.make_node("MatMul", ["x", "w"], ["y"])], [tensor()], sparse=[sparse(1 << 20)]
    ),
    "expand.onnx": lambda: gigantic("Expand", "one"),
    "tile.onnx": lambda: gigantic("Tile", "x"),
    "nowhere.onnx": lambda: model([helper.make_node("Add", ["x", "nowhere"], ["y"], name="it")], [tensor()]),
    "no_type.onnx": lambda: typed(0),
    "unknown_type.onnx": lambda: typed(99),
    "rankless.onnx": rankless,  # a good one, with --input-shape
    "endless.onnx": endless,
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
lite = {"x": (1, 4), "w": np.ones((4, 4), np.float32), "m": (1, 4), "y": (1, 4)}
product = ("FULLY_CONNECTED", ["x", "w", ""], ["m"], ("FullyConnectedOptions", {}))
known, unknown = (write(Graph(lite, [product, (kind, ["m"], ["y"], None)])) for kind in ("RELU", "Teleport"))
(OUT / "cut.tflite").write_bytes(known[: len(known) // 2])
(OUT / "custom.tflite").write_bytes(unknown)
(OUT / "garbage.tflite").write_bytes(b"\x1c\0\0\0TFL3" + bytes(range(256)) * 8)
(OUT / "marked.tflite").write_bytes(b"no TFLite file at all")
