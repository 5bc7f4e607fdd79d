"""ExecuTorch's runtime with its XNNPACK backend, on the CPU.

What `executorch.runtime` wraps is used directly: importing that module imports the whole exporter, and with it packages
that no launch needs.
"""

import torch  # before the next, which is linked with its libraries
from executorch.extension.pybindings import _C

from runner.packages import versions


def version():
    """ExecuTorch, the PyTorch below it, and numpy for the arrays."""
    return versions("executorch", "torch", "numpy")


def load(path, request):
    """The program (its memory lives as long as it does) and its one method."""
    _C._unsafe_reset_threadpool(request["threads"])  # unsafe while something computes, which nothing does yet
    program = _C._load_program(path)
    return program, program.load_method("forward")


def infer(session, inputs):
    """All outputs, in the program's order, as the copies that ExecuTorch makes of its own."""
    return [each.numpy() for each in session[1].call([torch.from_numpy(each) for each in inputs])]


def close(session):
    """The program goes with its last reference."""
