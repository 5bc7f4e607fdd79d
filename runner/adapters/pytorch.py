"""PyTorch, eager, on the CPU.

The artifact is a zip of `network.py`, whose `build()` returns the module, and `weights.npz`, its state by key. The code
in it is trusted because the request named its SHA-256.
"""

import io
import zipfile

import numpy
import torch

from runner.packages import versions

# Before 1.9 there was no inference mode, and 1.10 (JetPack 4) refuses parts of it.
_no_gradients = torch.no_grad if torch.__version__.startswith("1.") else torch.inference_mode


def version():
    """PyTorch, and numpy for the arrays."""
    return versions("torch", "numpy")


def load(path, request):
    """The module with its weights, ready for inference. Raises when a weight is missing or left over."""
    torch.set_num_threads(request["threads"])
    torch.set_num_interop_threads(1)
    with zipfile.ZipFile(path) as archive:
        names = {"__name__": "network"}
        exec(compile(archive.read("network.py"), "network.py", "exec"), names)
        with numpy.load(io.BytesIO(archive.read("weights.npz")), allow_pickle=False) as weights:
            state = {key: torch.from_numpy(weights[key]) for key in weights.files}
    module = names["build"]()
    module.load_state_dict(state, strict=True)
    return module.eval()


def infer(session, inputs):
    """The module's output, or outputs when it returns several."""
    with _no_gradients():
        outputs = session(*[torch.from_numpy(each) for each in inputs])
    if isinstance(outputs, torch.Tensor):
        return [outputs.numpy()]
    return [each.numpy() for each in outputs]


def close(session):
    """The module goes with its last reference."""
