"""Runs inside models-darknet or models-caffe: small graphs, translated and run by the framework, as JSON.

python described_graphs.py darknet|caffe

Per graph the largest error over the reference's largest magnitude, by ONNX's own reference implementation, or what the
translation refused.
"""

import importlib
import json
import sys
import tempfile
from pathlib import Path

import numpy as np
import onnx
from onnx import helper, numpy_helper
from onnx.reference import ReferenceEvaluator
from onnx.reference.op_run import OpRun

from models import graph

OPSET = 13
RANDOM = np.random.RandomState(7)
SHAPE = (1, 4, 11, 11)  # odd, so that what is rounded shows


class Graph:
    """Operators behind each other, from `x` to whatever was last added."""

    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.arrays: list[onnx.TensorProto] = []
        self.last = "x"

    def add(self, kind: str, *arrays: np.ndarray, takes: tuple[str, ...] = (), **attributes: object) -> str:
        """An operator with its weights, of the last one's output if nothing else is said: the name of what it gives."""
        name = f"{kind}_{len(self.nodes)}"
        given = list(takes or (self.last,))
        for place, array in enumerate(arrays):
            self.arrays.append(numpy_helper.from_array(array.astype(np.float32), f"{name}_{place}"))
            given.append(f"{name}_{place}")
        self.nodes.append(helper.make_node(kind, given, [name], name, **attributes))
        self.last = name
        return name

    def conv(self, width_in: int, width: int, size: int, *, takes: tuple[str, ...] = (), **attributes: object) -> str:
        """A convolution that keeps the scale, with a bias."""
        weights = RANDOM.standard_normal((width, width_in, size, size)) / np.sqrt(width_in * size**2)
        return self.add("Conv", weights, RANDOM.standard_normal(width), takes=takes, **attributes)

    def resize(self, times: float) -> None:
        """Each pixel so many times along both axes."""
        how = {"mode": "nearest", "coordinate_transformation_mode": "asymmetric", "nearest_mode": "floor"}
        scales = numpy_helper.from_array(np.array([1, 1, times, times], np.float32), f"scales_{len(self.nodes)}")
        self.arrays.append(scales)
        name = f"Resize_{len(self.nodes)}"
        self.nodes.append(helper.make_node("Resize", [self.last, "", scales.name], [name], name, **how))
        self.last = name

    def cut(self, axis: int) -> None:
        """Without the first along an axis."""
        self._with_integers("Slice", [1], [2**63 - 1], [axis], [1])

    def rows(self, width: int) -> str:
        """The channels last, in rows of so many."""
        self.add("Transpose", perm=[0, 2, 3, 1])
        return self.reshape([1, -1, width])

    def reshape(self, shape: list[int]) -> str:
        """As it lies, with other axes."""
        return self._with_integers("Reshape", shape)

    def _with_integers(self, kind: str, *values: list[int]) -> str:
        name = f"{kind}_{len(self.nodes)}"
        given = [numpy_helper.from_array(np.array(each, np.int64), f"{name}_{n}") for n, each in enumerate(values)]
        self.arrays += given
        self.nodes.append(helper.make_node(kind, [self.last, *(each.name for each in given)], [name], name))
        self.last = name
        return name

    def model(self) -> onnx.ModelProto:
        """The whole, with a shape for its input alone."""
        given = helper.make_tensor_value_info("x", onnx.TensorProto.FLOAT, SHAPE)
        answer = helper.make_tensor_value_info(self.last, onnx.TensorProto.FLOAT, None)
        whole = helper.make_graph(self.nodes, "g", [given], [answer], self.arrays)
        return helper.make_model(whole, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=8)


class LRN(OpRun):
    """As ONNX defines it: the reference implementation's own looks at as many channels as there are pictures."""

    def _run(self, x, alpha=1e-4, beta=0.75, bias=1.0, size=None):
        reach = (size - 1) // 2
        squares = np.pad(x**2, [(0, 0), (reach, reach), (0, 0), (0, 0)])
        sums = sum(squares[:, place : place + x.shape[1]] for place in range(size))
        return ((x / (bias + alpha / size * sums) ** beta).astype(x.dtype),)


def strided(g: Graph) -> None:
    g.conv(4, 6, 3, strides=[2, 2], pads=[1, 1, 1, 1])
    g.add("Relu")
    g.conv(6, 5, 1, strides=[2, 2])


def grouped(g: Graph) -> None:
    g.conv(2, 6, 3, group=2, pads=[1, 1, 1, 1])
    g.conv(1, 6, 3, group=6)


def pooled(g: Graph) -> None:
    g.add("MaxPool", kernel_shape=[3, 3], strides=[2, 2], pads=[1, 1, 1, 1])
    g.add("MaxPool", kernel_shape=[2, 2], strides=[2, 2])


def classified(g: Graph) -> None:
    g.conv(4, 8, 3)
    g.add("Relu")
    g.add("GlobalAveragePool")
    g.add("Flatten", axis=1)
    g.add("Gemm", RANDOM.standard_normal((3, 8)), RANDOM.standard_normal(3), transB=1)


def flattened(g: Graph) -> None:
    g.add("Flatten")
    g.add("Gemm", RANDOM.standard_normal((484, 5)) / 22, RANDOM.standard_normal(5))
    g.add("Relu")


def residual(g: Graph) -> None:
    start = g.conv(4, 6, 1)
    g.add("Relu")
    inside = g.conv(6, 6, 3, pads=[1, 1, 1, 1])
    kept = g.add("Add", takes=(start.replace("Conv_0", "Relu_1"), inside))
    kept = g.add("Relu")
    aside = g.conv(6, 9, 1, takes=(kept,), strides=[2, 2])
    g.conv(6, 9, 3, takes=(kept,), strides=[2, 2], pads=[1, 1, 1, 1])
    g.add("Add", takes=(aside, g.last))
    g.add("Relu")


def leaky(g: Graph) -> None:
    g.conv(4, 6, 3)
    g.add("LeakyRelu", alpha=0.1)


def sloping(g: Graph) -> None:
    g.conv(4, 6, 3)
    g.add("LeakyRelu", alpha=0.2)


def enlarged(g: Graph) -> None:
    """A picture of half the size, each pixel four times, behind the channels of a whole one."""
    whole = g.conv(4, 6, 3, pads=[1, 1, 1, 1])
    g.conv(6, 5, 2, strides=[2, 2], pads=[0, 0, 0, 0])
    g.resize(2.0)
    g.conv(5, 5, 3, pads=[1, 1, 1, 1])
    large = g.last
    g.conv(6, 3, 2, takes=(whole,))  # 10x10, too
    g.add("Concat", takes=(large, g.last), axis=1)
    g.conv(8, 4, 1)


def same_size(g: Graph) -> None:
    g.conv(4, 6, 3)
    g.add("MaxPool", kernel_shape=[2, 2], strides=[1, 1], pads=[1, 1, 1, 1])
    g.cut(2)
    g.cut(3)
    g.conv(6, 4, 1)


def rows_of_two(g: Graph) -> None:
    """As YOLO's answers: of two resolutions, channels last, in rows of three."""
    start = g.conv(4, 6, 3)
    first = g.rows(3)
    g.conv(6, 9, 3, takes=(start,), strides=[2, 2])
    g.add("Concat", takes=(g.rows(3), first), axis=1)


def activated_aside(g: Graph) -> None:
    """As in Xception: what an activation takes is also used without it."""
    start = g.conv(4, 4, 1)
    g.add("Relu")
    g.conv(4, 4, 3, pads=[1, 1, 1, 1])
    g.add("Add", takes=(start, g.last))


def activated_first(g: Graph) -> None:
    g.add("Relu")
    g.conv(4, 6, 3)


def oblong(g: Graph) -> None:
    """Convolutions and poolings that are not the same along both axes."""
    g.add("Conv", RANDOM.standard_normal((6, 4, 1, 5)) / 4, RANDOM.standard_normal(6), pads=[0, 2, 0, 2])
    g.add("Conv", RANDOM.standard_normal((6, 6, 3, 1)) / 4, RANDOM.standard_normal(6), strides=[2, 1])
    g.add("MaxPool", kernel_shape=[1, 3], strides=[1, 2], pads=[0, 1, 0, 1])


def averaged(g: Graph) -> None:
    """With padding that counts not, and padding that does."""
    g.conv(4, 6, 3)
    g.add("AveragePool", kernel_shape=[3, 3], strides=[1, 1], pads=[1, 1, 1, 1])
    g.add("AveragePool", kernel_shape=[3, 2], strides=[2, 1], pads=[1, 0, 1, 0])
    g.add("AveragePool", kernel_shape=[3, 3], strides=[1, 1], pads=[1, 1, 1, 1], count_include_pad=1)


def gated(g: Graph) -> None:
    """As squeeze-and-excitation does, and hard swish."""
    start = g.conv(4, 6, 3)
    g.add("GlobalAveragePool")
    g.conv(6, 6, 1)
    g.add("Mul", takes=(start, g.add("HardSigmoid", alpha=1 / 6)))
    weighed = g.last
    g.add("Mul", takes=(g.add("HardSigmoid"), weighed))


def film(g: Graph) -> None:
    """The channels as the frames of a film of two."""
    g.reshape([1, 2, 2, 11, 11])
    g.add("Conv", RANDOM.standard_normal((3, 2, 3, 3, 3)) / 7, RANDOM.standard_normal(3), pads=[1] * 6)
    g.add("MaxPool", kernel_shape=[1, 2, 2], strides=[1, 2, 2])
    g.add("MaxPool", kernel_shape=[2, 2, 2], strides=[2, 2, 2], pads=[0, 1, 1, 0, 1, 1])
    g.add("Flatten")
    g.add("Gemm", RANDOM.standard_normal((27, 5)), RANDOM.standard_normal(5))


def rows_taken(g: Graph) -> None:
    g.conv(4, 6, 3)
    g.rows(3)
    g.add("Relu")


def normalised(g: Graph) -> None:
    g.conv(4, 12, 1)
    g.add("LRN", size=5, alpha=0.02, beta=0.75, bias=2.0)


def clipped(g: Graph) -> None:
    g.conv(4, 6, 1)
    g.add("Clip", np.array(0.0), np.array(1.5))


def clipped_below(g: Graph) -> None:
    g.conv(4, 6, 1)
    g.add("Clip", np.array(-1.0), np.array(1.0))


def dilated(g: Graph) -> None:
    g.conv(4, 6, 3, dilations=[2, 2])


def lopsided(g: Graph) -> None:
    g.conv(4, 6, 3, pads=[0, 0, 1, 1])


def rounded_up(g: Graph) -> None:
    g.add("MaxPool", kernel_shape=[3, 3], strides=[2, 2], pads=[1, 1, 1, 1], ceil_mode=1)
    g.add("MaxPool", kernel_shape=[2, 2], strides=[3, 3], ceil_mode=1)
    g.add("MaxPool", kernel_shape=[3, 3], strides=[3, 3], ceil_mode=1)


def flattened_for_no_one(g: Graph) -> None:
    g.add("Flatten")
    g.add("Relu")


def unknown(g: Graph) -> None:
    g.add("Erf")


CASES = (
    strided, grouped, pooled, classified, flattened, residual, leaky, sloping, enlarged, same_size, rows_of_two,
    rows_taken, activated_aside, activated_first, oblong, averaged, gated, film, normalised, clipped, clipped_below,
    dilated, lopsided, rounded_up, flattened_for_no_one, unknown,
)  # fmt: skip


def tried(framework: str, model: onnx.ModelProto, folder: Path) -> float | str:
    """How far the framework's answer is off, or why there is none."""
    write = getattr(importlib.import_module(f"models.{framework}.to_{framework}"), f"to_{framework}")
    run = getattr(importlib.import_module(f"models.{framework}.run"), f"run_{framework}")
    given = RANDOM.standard_normal(SHAPE).astype(np.float32)
    (expected,) = ReferenceEvaluator(model, new_ops=[LRN]).run(None, {"x": given})
    onnx.save(model, folder / "model.onnx")
    try:
        write(graph.read(folder / "model.onnx"), folder / "made")
    except graph.Unsupported as error:
        return str(error)
    (found,) = run(folder / "made")([given])
    return float(np.abs(found.ravel() - expected.ravel()).max() / np.abs(expected).max())


def main(framework: str) -> None:
    """Print one object: the name of each graph → a number, or a text where it was refused."""
    answers = {}
    for case in CASES:
        g = Graph()
        case(g)
        with tempfile.TemporaryDirectory() as folder:
            answers[case.__name__] = tried(framework, g.model(), Path(folder))
    print(json.dumps(answers))


main(sys.argv[1])
