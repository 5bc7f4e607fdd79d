"""A network as the `torch` artifact: a zip of `network.py` and `weights.npz`, of which nothing is ever unpickled.

`network.py` imports torch alone and has `build()`; `weights.npz` holds one array per name of its state. Both load in
Python 3.6 with torch 1.10 as well as in today's.
"""

import io
import zipfile
from collections.abc import Sequence
from types import ModuleType

import numpy as np
import torch
from torch import nn

from models.reference import Run

EPOCH = (1980, 1, 1, 0, 0, 0)  # the first moment that a zip can name: every file has it, so the bytes repeat


def build(program: str, name: str) -> nn.Module:
    """The network of a program's `build()`, with weights that are not meant to be used yet."""
    module = ModuleType(name)
    exec(compile(program, f"{name}.py", "exec"), module.__dict__)
    return module.build()


def to_torch(program: str, network: nn.Module) -> bytes:
    """The artifact of a network that `program` builds: the same bytes for the same weights."""
    state = {name: tensor.detach().cpu().numpy() for name, tensor in network.state_dict().items()}
    weights = _zip({f"{name}.npy": _npy(array) for name, array in state.items()})
    return _zip({"network.py": program.encode(), "weights.npz": weights})


def run_torch(artifact: bytes) -> Run:
    """A network that is loaded from its artifact, as the runner's adapter does it."""
    with zipfile.ZipFile(io.BytesIO(artifact)) as files:
        network = build(files.read("network.py").decode(), "network")
        with np.load(io.BytesIO(files.read("weights.npz")), allow_pickle=False) as weights:
            network.load_state_dict({name: torch.from_numpy(weights[name]) for name in weights.files})
    network.eval()
    return lambda given: outputs(network, given)


def outputs(network: nn.Module, given: Sequence[np.ndarray]) -> list[np.ndarray]:
    """What a network answers, as arrays."""
    with torch.no_grad():
        answer = network(*map(torch.from_numpy, given))
    return [tensor.numpy() for tensor in (answer if isinstance(answer, tuple | list) else [answer])]


def _npy(array: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    np.lib.format.write_array(buffer, array, allow_pickle=False)
    return buffer.getvalue()


def _zip(members: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as target:
        for name in sorted(members):
            target.writestr(zipfile.ZipInfo(name, EPOCH), members[name])
    return buffer.getvalue()
