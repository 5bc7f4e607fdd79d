"""What onnx2tf gets wrong, written in other words of ONNX: the graph computes the same."""

import re
from pathlib import Path

import numpy as np
import onnx
from onnx import helper, numpy_helper

from models.cuts import constants, without_cuts


def rewrite(source: Path, target: Path) -> None:
    """Write a file whose graph onnx2tf and TFLite take."""
    model = onnx.load(source)
    graph = model.graph
    known = constants(graph)
    for place in reversed(range(len(graph.node))):
        node = graph.node[place]
        if node.op_type == "Split" and len(node.input) == 2 and node.input[1] in known:
            slices = _slices(model, node, known[node.input[1]])
            del graph.node[place]
            for one in reversed(slices):
                graph.node.insert(place, one)
    for node in graph.node:
        node.name = re.sub(r"[^A-Za-z0-9_./-]", "_", node.name)  # TensorFlow names its operators after these
    without_cuts(graph)
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
