"""NVIDIA's CUDA runtime by ctypes: memory of the card, for what has no arrays of its own. All sizes are bytes.

The library is wherever the base or, on JetPack 4, the host has it; no package of Python's is needed.
"""

import ctypes
import os

NAMES = ("libcudart.so",) + tuple("libcudart.so." + version for version in ("13", "12", "11.0", "10.2"))
TO_CARD, TO_HOST = 1, 2  # cudaMemcpyKind
MAJOR, MINOR = 75, 76  # cudaDeviceAttr: the card's compute capability


class CudaError(RuntimeError):
    """A call that did not succeed."""


def forbid_tf32(request):
    """Have NVIDIA's libraries compute float32 as such: newer cards else round it to 10 bits. Before they are used."""
    if request["precision"] == "fp32":
        os.environ["NVIDIA_TF32_OVERRIDE"] = "0"


class Runtime:
    """The calls that are needed. `library` is the loaded libcudart; the one that is found, if none is given."""

    def __init__(self, library=None):
        """Raises OSError when there is no library."""
        self._library = library or _find()

    def versions(self):
        """The runtime's and the driver's newest CUDA, such as `12.3`; `0.0` where there is no driver."""
        return {
            "cuda": _dotted(self._number("cudaRuntimeGetVersion")),
            "cuda-driver": _dotted(self._number("cudaDriverGetVersion")),
        }

    def capability(self):
        """The first card's compute capability, such as `7.5`."""
        return ".".join(str(self._number("cudaDeviceGetAttribute", which, 0)) for which in (MAJOR, MINOR))

    def allocate(self, size):
        """The address of so many bytes on the card."""
        address = ctypes.c_void_p()
        self._call("cudaMalloc", ctypes.byref(address), ctypes.c_size_t(size))
        return address.value

    def free(self, address):
        """Give them back."""
        self._call("cudaFree", ctypes.c_void_p(address))

    def copy_in(self, address, array):
        """Copy a contiguous array to the card; it is there when this returns."""
        self._copy(address, array.ctypes.data, array.nbytes, TO_CARD)

    def copy_out(self, array, address):
        """Copy from the card into a contiguous array, after what was asked for before."""
        self._copy(array.ctypes.data, address, array.nbytes, TO_HOST)

    def stream(self):
        """A new stream: work in it is done in order."""
        stream = ctypes.c_void_p()
        self._call("cudaStreamCreate", ctypes.byref(stream))
        return stream.value

    def wait(self, stream):
        """Return when all work of a stream is done."""
        self._call("cudaStreamSynchronize", ctypes.c_void_p(stream))

    def drop(self, stream):
        """Give a stream back."""
        self._call("cudaStreamDestroy", ctypes.c_void_p(stream))

    def _copy(self, target, source, size, kind):
        self._call(
            "cudaMemcpy", ctypes.c_void_p(target), ctypes.c_void_p(source), ctypes.c_size_t(size), ctypes.c_int(kind)
        )

    def _number(self, name, *arguments):
        value = ctypes.c_int()
        self._call(name, ctypes.byref(value), *[ctypes.c_int(each) for each in arguments])
        return value.value

    def _call(self, name, *arguments):
        code = getattr(self._library, name)(*arguments)
        if code:
            raise CudaError("{} failed with {}".format(name, code))


def _find():
    reasons = []
    for name in NAMES:
        try:
            return ctypes.CDLL(name)
        except OSError as error:
            reasons.append(str(error))
    raise OSError("no CUDA runtime here: " + reasons[0])


def _dotted(number):
    return "{}.{}".format(number // 1000, number % 1000 // 10)
