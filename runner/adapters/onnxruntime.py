"""ONNX Runtime on the CPU, from 1.10 (JetPack 4) to today's."""

import os

# Newer releases report their use to their vendor, from a thread that would run while something is timed.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"

import onnxruntime

from runner.packages import versions


def version():
    """ONNX Runtime, and numpy for its arrays."""
    return versions("onnxruntime", "numpy")


def load(path, request):
    """A session and the names of its inputs."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = request["threads"]
    options.inter_op_num_threads = 1
    options.execution_mode = onnxruntime.ExecutionMode.ORT_SEQUENTIAL
    # Named alone, so that nothing falls back from or to another provider unseen.
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    return session, [each.name for each in session.get_inputs()]


def infer(session, inputs):
    """All outputs, in the model's order."""
    runtime, names = session
    return runtime.run(None, {name: inputs[index] for index, name in enumerate(names)})


def close(session):
    """The session goes with its last reference."""
