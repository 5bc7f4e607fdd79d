"""DarkNet on the CPU, called in process: a folder with `model.cfg` and `model.weights`.

`libdarknet.so` lies beside the Python packages and has no module of its own.
"""

import ctypes
import os
import sys

import numpy

from runner.packages import versions

FLOATS = ctypes.POINTER(ctypes.c_float)


def _library():
    """The library, with the types of what is called. Raises OSError where no folder of packages has it."""
    paths = [os.path.join(folder, "darknet", "libdarknet.so") for folder in sys.path]
    found = next((path for path in paths if os.path.exists(path)), None)
    if found is None:
        raise OSError("no libdarknet.so beside the packages of this Python")
    library = ctypes.CDLL(found)
    for name, result, arguments in (
        ("load_network", ctypes.c_void_p, [ctypes.c_char_p, ctypes.c_char_p, ctypes.c_int]),
        ("set_batch_network", None, [ctypes.c_void_p, ctypes.c_int]),
        ("network_outputs", ctypes.c_int, [ctypes.c_void_p]),
        ("network_predict", FLOATS, [ctypes.c_void_p, FLOATS]),
        ("free_network", None, [ctypes.c_void_p]),
        ("omp_set_num_threads", None, [ctypes.c_int]),
    ):
        function = getattr(library, name)
        function.restype, function.argtypes = result, arguments
    return library


darknet = _library()


def version():
    """DarkNet, and numpy for the arrays."""
    return versions("darknet", "numpy")


def load(path, request):
    """The network, how many values it gives and in which shape. Raises OSError when a file is not there."""
    files = [os.path.join(path, name) for name in ("model.cfg", "model.weights")]
    open(files[1], "rb").close()  # DarkNet ends the process, successfully, where a file is missing
    with open(files[0], encoding="ascii") as description:
        first = description.readline().split()  # "# output 1 1000": DarkNet knows no shapes of more than three axes
    darknet.omp_set_num_threads(request["threads"])
    network = darknet.load_network(os.fsencode(files[0]), os.fsencode(files[1]), 0)
    darknet.set_batch_network(network, 1)
    shape = [int(size) for size in first[2:]] if first[:2] == ["#", "output"] else [1, -1]
    return network, darknet.network_outputs(network), shape


def infer(session, inputs):
    """The one output, as a copy: the next inference overwrites DarkNet's own."""
    network, count, shape = session
    answer = darknet.network_predict(network, inputs[0].ctypes.data_as(FLOATS))
    return [numpy.ctypeslib.as_array(answer, (count,)).reshape(shape).copy()]


def close(session):
    """Give the network's memory back."""
    darknet.free_network(session[0])
