"""How many operators a framework computes of a network, after what it fuses: fewer than the ONNX file has.

    setup/env .venv/bin/python benchmarks/operators.py [--model resnet-18] [--json]

Each framework is asked in its own image: ONNX Runtime by its profile of one inference, OpenVINO by its compiled graph,
OpenVINO 2021.4 likewise, the interpreters of TFLite by the file that the converter wrote, ncnn by the layers that pnnx
wrote, OpenCV, Caffe and DarkNet by their networks, PyTorch by what it dispatches, TensorFlow by the graph that its
optimizer leaves, TVM by the kernels that its executable calls. The ONNX file's own operators are counted without
constants.
"""

import argparse
import json

import docker

from bench.artifacts.steps import RUN
from bench.artifacts.store import Artifact, Store
from bench.core.matrix.schema import load_matrix
from bench.core.paths import model_store
from bench.images import engine as engines
from bench.images.engine import LABEL
from bench.images.local import native_platform

TFLITE = """
i = Interpreter(model_path=PATH, experimental_op_resolver_type=OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES)
print(len(i._get_ops_details()))
"""
PROGRAMS = {
    "onnxruntime": """
import json, numpy as np, onnxruntime as rt
o = rt.SessionOptions(); o.enable_profiling = True; o.profile_file_prefix = "/tmp/p"
s = rt.InferenceSession(PATH, o, providers=["CPUExecutionProvider"])
x = s.get_inputs()[0]
s.run(None, {x.name: np.zeros(x.shape, np.float32)})
print(len({e["name"] for e in json.load(open(s.end_profiling())) if e["name"].endswith("_kernel_time")}))
""",
    "openvino": """
import sys; sys.modules["openvino_telemetry"] = None
import openvino as ov
ops = ov.Core().compile_model(PATH, "CPU").get_runtime_model().get_ops()
kinds = [op.get_rt_info()["layerType"].astype(str) for op in ops]
print(sum(kind not in ("Input", "Output", "Const", "Parameter", "Result", "Reorder") for kind in kinds))
""",
    "tflite": "from tflite_runtime.interpreter import Interpreter, OpResolverType\n" + TFLITE,
    "litert": "from ai_edge_litert.interpreter import Interpreter, OpResolverType\n" + TFLITE,
    "ncnn": """
lines = open(PATH + "/model.param").read().splitlines()[2:]
print(sum(line.split()[0] not in ("Input", "Split") for line in lines))
""",
    "opencv": "import cv2\nprint(len(cv2.dnn.readNetFromONNX(PATH).getLayerNames()))\n",
}
PROGRAMS |= {
    "pytorch": """
import io, zipfile, numpy, torch
from torch.utils._python_dispatch import TorchDispatchMode
class Count(TorchDispatchMode):
    seen = 0
    def __torch_dispatch__(self, function, types, arguments=(), named=None):
        Count.seen += function.overloadpacket.__name__ not in ("t", "view", "_unsafe_view")
        return function(*arguments, **(named or {}))
names = {"__name__": "network"}
archive = zipfile.ZipFile(PATH)
exec(archive.read("network.py"), names)
network = names["build"]().eval()
with torch.inference_mode(), Count():
    network(torch.zeros(SHAPE))
print(Count.seen)
""",
    "tensorflow": """
import tensorflow as tf
from tensorflow.python.eager import context
model = tf.saved_model.load(PATH)
run = model.signatures["serving_default"]
(taken,) = run.structured_input_signature[1].values()
context.enable_graph_collection()
run(tf.zeros(taken.shape))
graphs = context.export_run_metadata().partition_graphs
kinds = [node.op for graph in graphs for node in graph.node]
unseen = {"Const", "Fill", "Reshape", "_Arg", "_DeviceArg", "_Retval", "_MklTranspose"}
print(sum(kind not in unseen for kind in kinds))
""",
    "tvm": """
import os; os.environ["TVM_USE_RUNTIME_LIB"] = "1"
import platform, tvm
text = tvm.runtime.load_module(PATH + "/" + platform.machine() + ".so")["as_text"]()
calls = [line.split()[1] for line in text.splitlines() if line.split()[:1] == ["call"]]
print(sum(not name.startswith("vm.") for name in calls))
""",
    "darknet": """
print(sum(line[:1] == "[" and line[1:4] not in ("net", "rou") for line in open(PATH + "/model.cfg")))
""",
    "caffe": """
import os; os.environ["GLOG_minloglevel"] = "1"
import caffe
layers = caffe.Net(PATH + "/model.prototxt", caffe.TEST).layers
print(sum(layer.type not in ("Input", "Split", "Reshape") for layer in layers))
""",
    "movidius": """
from xml.etree import ElementTree
from openvino.inference_engine import IECore
core = IECore()
core.load_network(core.read_network(PATH), "CPU").get_exec_graph_info().serialize("/tmp/graph.xml")
kinds = [layer.get("type") for layer in ElementTree.parse("/tmp/graph.xml").iter("layer")]
print(sum(kind not in ("Input", "Output", "Const", "Reorder") for kind in kinds))
""",
}
GRAPH = "import onnx\nprint(sum(n.op_type != 'Constant' for n in onnx.load(PATH).graph.node))\n"


def ask(client: docker.DockerClient, image: str, program: str, made: Artifact) -> int | None:
    """What a program prints in an image that sees the artifact; None where it fails."""
    path = str(made.path)
    head = f"PATH = {path!r}\nSHAPE = {made.inputs[0]['shape']!r}\n"
    try:
        said = client.containers.run(
            f"edgebench/{image}:{native_platform()}",
            ["-c", head + program],
            entrypoint=["/opt/venv/bin/python", "-B"],
            mounts=[docker.types.Mount(path, path, type="bind", read_only=True)],
            labels={LABEL: RUN},
            network_mode="none",
            remove=True,
        )
    except docker.errors.DockerException:
        return None
    return int(said.decode().split()[-1])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="resnet-18")
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    client, store, frameworks = engines.connect(), Store(model_store()), load_matrix().frameworks
    graph = store.find(asked.model, "onnx", "fp32")
    if graph is None:
        raise SystemExit(f"make it first: bench models build {asked.model}")
    found: dict[str, int | None] = {"the ONNX file": ask(client, "models-add", GRAPH, graph)}
    for name, program in PROGRAMS.items():
        artifact = store.find(asked.model, *frameworks[name].kind("fp32"))
        found[name] = ask(client, name, program, artifact) if artifact else None
    if asked.json:
        print(json.dumps({"model": asked.model, "operators": found}, indent=2))
        return
    for name, count in found.items():
        print(f"{name:>14}  {count if count is not None else 'not told'}")


if __name__ == "__main__":
    main()
