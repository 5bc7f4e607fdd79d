"""ONNX Runtime on the CPU or an NVIDIA card, from 1.10 (JetPack 4) to today's."""

import os

# Newer releases report their use to their vendor, from a thread that would run while something is timed.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"

import onnxruntime

from runner import cuda
from runner.packages import versions

# What each device means. The option `provider` names another for a card: TensorrtExecutionProvider.
PROVIDERS = {"CPU": "CPUExecutionProvider", "CUDA": "CUDAExecutionProvider"}


def version():
    """ONNX Runtime in the build that is installed, and numpy for its arrays."""
    return versions("onnxruntime", "onnxruntime-gpu", "numpy")


def load(path, request):
    """A session and the names of its inputs. Raises RuntimeError when it would run elsewhere than asked for."""
    provider = request["options"].get("provider", PROVIDERS[request["device"]])
    if request["device"] == "CUDA":
        cuda.forbid_tf32(request)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = request["threads"]
    options.inter_op_num_threads = 1
    options.execution_mode = onnxruntime.ExecutionMode.ORT_SEQUENTIAL
    # Named alone, so that nothing falls back from or to another provider unseen. What a card's provider has no kernel
    # for, the CPU's does.
    session = onnxruntime.InferenceSession(path, options, providers=[provider])
    if session.get_providers()[0] != provider:
        raise RuntimeError("ONNX Runtime has no {} here; it took {}".format(provider, session.get_providers()[0]))
    return session, [each.name for each in session.get_inputs()]


def infer(session, inputs):
    """All outputs, in the model's order."""
    runtime, names = session
    return runtime.run(None, {name: inputs[index] for index, name in enumerate(names)})


def close(session):
    """The session goes with its last reference."""
