"""OpenVINO 2021.4 by its Inference Engine API, on a MYRIAD device (Intel's Movidius sticks) or the CPU; it reads ONNX.

Later releases have neither that plugin nor that API: those are the adapter `openvino`.
"""

from openvino.inference_engine import IECore

from runner.packages import versions


def version():
    """OpenVINO, and numpy for its arrays."""
    return versions("openvino", "numpy")


def load(path, request):
    """A network compiled for one inference at a time, with the names of its inputs and of its outputs."""
    core = IECore()
    network = core.read_network(path)
    compiled = core.load_network(network, request["device"], _options(request), num_requests=1)
    return compiled, list(network.input_info), list(network.outputs)


def infer(session, inputs):
    """All outputs, in the model's order, as copies."""
    compiled, names, outputs = session
    results = compiled.infer({name: inputs[index] for index, name in enumerate(names)})
    return [results[name] for name in outputs]


def close(session):
    """The network goes with its last reference."""


def _options(request):
    """What a plugin is told. MYRIAD has no threads to set, and computes in float16 whatever is asked for."""
    options = {"CPU": {"CPU_THREADS_NUM": str(request["threads"]), "CPU_THROUGHPUT_STREAMS": "1"}}
    if request["precision"] == "fp32":
        options["CPU"]["ENFORCE_BF16"] = "NO"  # where the CPU has bfloat16, it would be taken without asking
    return options.get(request["device"], {})
