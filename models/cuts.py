"""A pooling that keeps a picture's size as PyTorch writes it, in the words that converters and translations know."""

import numpy as np
import onnx
from onnx import numpy_helper


def constants(graph: onnx.GraphProto) -> dict[str, np.ndarray]:
    """Weights and constants of a graph, by name."""
    known = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}
    return known | {node.output[0]: numpy_helper.to_array(node.attribute[0].t) for node in graph.node if _is_it(node)}


def without_cuts(graph: onnx.GraphProto) -> None:
    """Each pooling without a stride, whose first row and column are then cut off, as one that is not padded there.

    So is YOLOv3-tiny's last pooling; onnx2tf cuts the wrong axes of it, and DarkNet has nothing that cuts.
    """
    known = constants(graph)
    for node in list(graph.node):
        if node.op_type == "MaxPool":
            _pad_one_side(graph, node, known)


def _pad_one_side(graph: onnx.GraphProto, pool: onnx.NodeProto, known: dict[str, np.ndarray]) -> None:
    told = {each.name: each for each in pool.attribute}
    if "pads" not in told or "strides" not in told or set(told["strides"].ints) != {1}:
        return
    cuts = []
    output = pool.output[0]
    while (cut := _only_user(graph, output)) is not None and _first_cut(cut, known) in (2, 3):
        cuts.append(cut)
        output = cut.output[0]
    for cut in cuts:
        axis = _first_cut(cut, known) - 2
        if told["pads"].ints[axis] != 1:
            return
    for cut in cuts:
        told["pads"].ints[_first_cut(cut, known) - 2] = 0
        graph.node.remove(cut)
    pool.output[0] = output


def _only_user(graph: onnx.GraphProto, name: str) -> onnx.NodeProto | None:
    users = [node for node in graph.node if name in node.input]
    return users[0] if len(users) == 1 else None


def _first_cut(node: onnx.NodeProto, known: dict[str, np.ndarray]) -> int:
    """The axis of which a Slice leaves out the first entry and no other; -1 for whatever else."""
    if node.op_type != "Slice" or len(node.input) < 4 or not set(node.input[1:]) <= known.keys():
        return -1
    start, end, axis = (known[name].tolist() for name in node.input[1:4])
    step = known[node.input[4]].tolist() if len(node.input) > 4 else [1]
    return axis[0] if (start, step) == ([1], [1]) and end[0] >= np.iinfo(np.int32).max else -1


def _is_it(node: onnx.NodeProto) -> bool:
    return node.op_type == "Constant" and node.attribute[0].name == "value"
