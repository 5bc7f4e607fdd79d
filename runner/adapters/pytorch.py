"""PyTorch, eager, on the CPU or an NVIDIA card.

The artifact is a zip of `network.py`, whose `build()` returns the module, and `weights.npz`, its state by key. The code
in it is trusted because the request named its SHA-256.
"""

import io
import zipfile

import numpy
import torch

from runner import cuda
from runner.packages import versions

DEVICES = {"CPU": "cpu", "CUDA": "cuda"}  # the request's word and PyTorch's

# Before 1.9 there was no inference mode, and 1.10 (JetPack 4) refuses parts of it.
_no_gradients = torch.no_grad if torch.__version__.startswith("1.") else torch.inference_mode


def version():
    """PyTorch, and numpy for the arrays; in a build for NVIDIA cards CUDA and cuDNN, which may be the host's."""
    found = versions("torch", "numpy")
    if torch.version.cuda is not None:
        found.update({"cuda": torch.version.cuda, "cudnn": str(torch.backends.cudnn.version())})
    return found


def load(path, request):
    """The module with its weights, ready for inference, where it is, and whether it computes in half precision.

    Raises for a weight too few or too many.
    """
    device = DEVICES[request["device"]]
    if device == "cuda":
        cuda.forbid_tf32(request)
    torch.set_num_threads(request["threads"])
    torch.set_num_interop_threads(1)
    with zipfile.ZipFile(path) as archive:
        names = {"__name__": "network"}
        exec(compile(archive.read("network.py"), "network.py", "exec"), names)
        with numpy.load(io.BytesIO(archive.read("weights.npz")), allow_pickle=False) as weights:
            state = {key: torch.from_numpy(weights[key]) for key in weights.files}
    module = names["build"]()
    module.load_state_dict(state, strict=True)
    if request["precision"] == "fp16":
        module.half()
    return module.eval().to(device), device, request["precision"] == "fp16"


def infer(session, inputs):
    """The module's output, or outputs when it returns several; half precision begins and ends here.

    What a card computes is waited for when it is copied to the host; on the CPU nothing is copied.
    """
    module, device, half = session
    given = [torch.from_numpy(each).to(device) for each in inputs]
    if half:
        given = [each.half() if each.is_floating_point() else each for each in given]
    with _no_gradients():
        outputs = module(*given)
    if isinstance(outputs, torch.Tensor):
        return [outputs.cpu().numpy()]
    return [each.cpu().numpy() for each in outputs]


def close(session):
    """The module goes with its last reference."""
