"""The output of what was written, by DarkNet itself, called as the runner's adapter calls it."""

import ctypes
from importlib.metadata import distribution
from pathlib import Path

import numpy as np

from models.reference import Run

FLOATS = ctypes.POINTER(ctypes.c_float)


def run_darknet(folder: Path) -> Run:
    """The one output, in the shape that the description says, or flat behind the axis of the batch."""
    library = ctypes.CDLL(str(distribution("darknet").locate_file("darknet/libdarknet.so")))
    library.load_network.restype = ctypes.c_void_p
    library.load_network.argtypes = [ctypes.c_char_p, ctypes.c_char_p, ctypes.c_int]
    library.network_outputs.argtypes = [ctypes.c_void_p]
    library.network_predict.restype = FLOATS
    library.network_predict.argtypes = [ctypes.c_void_p, FLOATS]
    files = [str(folder / name).encode() for name in ("model.cfg", "model.weights")]
    network = library.load_network(*files, 0)
    first = (folder / "model.cfg").read_text(encoding="ascii").partition("\n")[0].split()
    shape = [int(size) for size in first[2:]] if first[0] == "#" else [1, -1]

    def run(given: list[np.ndarray]) -> list[np.ndarray]:
        answer = library.network_predict(network, given[0].ctypes.data_as(FLOATS))
        return [np.ctypeslib.as_array(answer, (library.network_outputs(network),)).reshape(shape).copy()]

    return run
