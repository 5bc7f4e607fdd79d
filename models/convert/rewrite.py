"""What onnx2tf gets wrong, written in other words of ONNX: the graph computes the same."""

import re
from pathlib import Path

import numpy as np
import onnx
from onnx import helper, numpy_helper


def rewrite(source: Path, target: Path) -> None:
    """Write a file whose graph onnx2tf and TFLite take."""
    model = onnx.load(source)
    graph = model.graph
    known = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}
    known |= {node.output[0]: numpy_helper.to_array(node.attribute[0].t) for node in graph.node if _is_tensor(node)}
    for place in reversed(range(len(graph.node))):
        node = graph.node[place]
        if node.op_type == "Split" and len(node.input) == 2 and node.input[1] in known:
            slices = _slices(model, node, known[node.input[1]])
            del graph.node[place]
            for one in reversed(slices):
                graph.node.insert(place, one)
    for node in list(graph.node):
        node.name = re.sub(r"[^A-Za-z0-9_./-]", "_", node.name)  # TensorFlow names its operators after these
        if node.op_type == "MaxPool":
            _pad_one_side(graph, node, known)
    onnx.save(model, target)


def _slices(model: onnx.ModelProto, node: onnx.NodeProto, sizes: np.ndarray) -> list[onnx.NodeProto]:
    """A Split as one Slice for each part: TFLite has no counterpart of what becomes of a Split by sizes."""
    axis = next((each.i for each in node.attribute if each.name == "axis"), 0)
    ends = np.cumsum(sizes)
    made = []
    for part, output in enumerate(node.output):
        names = []
        for what, value in (("start", ends[part] - sizes[part]), ("end", ends[part]), ("axis", axis)):
            names.append(f"{output}.{what}")
            model.graph.initializer.append(numpy_helper.from_array(np.array([value], np.int64), names[-1]))
        made.append(helper.make_node("Slice", [node.input[0], *names], [output], name=f"{output}.slice"))
    return made


def _pad_one_side(graph: onnx.GraphProto, pool: onnx.NodeProto, known: dict[str, np.ndarray]) -> None:
    """A pooling without a stride, whose first row and column are then cut off, as one that is not padded there.

    onnx2tf cuts the wrong axes (TinyYolo's last pooling).
    """
    told = {each.name: each for each in pool.attribute}
    if "pads" not in told or set(told["strides"].ints) != {1}:
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


def _is_tensor(node: onnx.NodeProto) -> bool:
    return node.op_type == "Constant" and node.attribute[0].name == "value"
