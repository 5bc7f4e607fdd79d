"""TVM's runtime: what it runs was compiled when the model was made (models/tvm), for each kind of machine."""

import os
import platform

# Nothing is compiled here: the runtime's library alone, not the compiler's of 260 MB.
os.environ["TVM_USE_RUNTIME_LIB"] = "1"
# It would choose processors for its threads by itself; the launch has been given those that it may use.
os.environ["TVM_BIND_THREADS"] = "0"

import tvm
from tvm.runtime.vm import VirtualMachine

from runner.packages import versions


def version():
    """TVM, its interface to Python, and numpy for the arrays."""
    return versions("apache-tvm", "apache-tvm-ffi", "numpy")


def load(path, request):
    """The network's function and its inputs on TVM's side. Raises OSError when there is no code for this machine."""
    os.environ["TVM_NUM_THREADS"] = str(request["threads"])  # read when the first thread is wanted
    library = os.path.join(path, platform.machine() + ".so")
    if not os.path.exists(library):
        raise OSError("{} holds no code for {}".format(path, platform.machine()))
    machine = VirtualMachine(tvm.runtime.load_module(library), tvm.cpu())
    given = [tvm.runtime.empty(each["shape"], each["dtype"], tvm.cpu()) for each in request["inputs"]]
    return machine["main"], given


def infer(session, inputs):
    """All outputs, in the model's order, as copies. What goes in is copied too: TVM wants it aligned to 64 bytes."""
    network, given = session
    for place, each in enumerate(given):
        each.copyfrom(inputs[place])
    outputs = network(*given)
    return [each.numpy() for each in (outputs if hasattr(outputs, "__len__") else [outputs])]


def close(session):
    """The function goes with its last reference."""
