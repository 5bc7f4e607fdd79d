"""TensorFlow Lite with the Edge TPU delegate (Google's Coral), or on the CPU to compare with.

The delegate's library, `libedgetpu`, belongs to the host, like the driver and the clock that come with it.
"""

import pycoral  # noqa: F401 - Google's own, which this tflite_runtime was built for: without it there is no framework
from tflite_runtime.interpreter import Interpreter, load_delegate

from runner import interpreter
from runner.packages import versions

LIBRARY = "libedgetpu.so.1"
OPERATION = b"edgetpu-custom-op"  # what Google's compiler puts in the place of all that the Edge TPU computes

infer = interpreter.infer


def version():
    """The interpreter, Google's own package, and numpy for the arrays."""
    return versions("tflite-runtime", "pycoral", "numpy")


def load(path, request):
    """The session of a model: on the CPU, or on an Edge TPU, as `EDGETPU` or, to name one, `EDGETPU:usb:0`.

    Raises OSError where the library is missing, ValueError where it finds no such device, or for a file that was not
    compiled for it: the CPU would compute that without a word.
    """
    kind, _, place = request["device"].partition(":")
    if kind == "CPU":
        return interpreter.load(Interpreter(model_path=path, num_threads=request["threads"]), request)
    if kind != "EDGETPU":
        raise ValueError("no device '{}'; there are CPU and EDGETPU".format(request["device"]))
    with open(path, "rb") as file:
        if OPERATION not in file.read():
            raise ValueError("the file was not compiled for the Edge TPU: the CPU would compute all of it")
    delegate = load_delegate(LIBRARY, {"device": place} if place else {})
    return interpreter.load(Interpreter(model_path=path, experimental_delegates=[delegate]), request)


def close(session):
    """The interpreter and its delegate go with their last reference."""
