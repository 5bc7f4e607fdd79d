"""TensorFlow Lite's interpreter, with the XNNPACK delegate that it applies by itself."""

from tflite_runtime.interpreter import Interpreter

from runner import interpreter
from runner.packages import versions

infer = interpreter.infer


def version():
    """The interpreter, and numpy for its arrays."""
    return versions("tflite-runtime", "numpy")


def load(path, request):
    """The session of a model on the CPU."""
    return interpreter.load(Interpreter(model_path=path, num_threads=request["threads"]), request)


def close(session):
    """The interpreter goes with its last reference."""
