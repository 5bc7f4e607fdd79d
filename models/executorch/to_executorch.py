"""A network as an ExecuTorch program, its parts that XNNPACK can compute given to XNNPACK, in float32."""

import io
import zipfile
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType

import numpy as np
import torch
from executorch.backends.xnnpack.partition.xnnpack_partitioner import XnnpackPartitioner
from executorch.exir import to_edge_transform_and_lower
from torch import nn
from torch.nn import functional


def to_executorch(artifact: Path, example: np.ndarray) -> bytes:
    """The program of a `torch` artifact for inputs of the example's shape: the same bytes for the same network."""
    exported = torch.export.export(_network(artifact), (torch.from_numpy(example),))
    exported = exported.run_decompositions({torch.ops.aten.avg_pool3d.default: _avg_pool3d})
    return bytes(to_edge_transform_and_lower(exported, partitioner=[XnnpackPartitioner()]).to_executorch().buffer)


def _avg_pool3d(
    x: torch.Tensor, size: list[int], stride: list[int], padding: Sequence[int] = (0, 0, 0), *_: object
) -> torch.Tensor:
    """Average pooling along the first of three axes, in two: what PyTorch's local response normalisation is made of.

    ExecuTorch has no kernel for three. Any other is left as it is, and refused when the program is loaded.
    """
    if any(each != 1 for each in (*size[1:], *stride)) or any(padding):
        return NotImplemented
    flat = functional.avg_pool2d(x.flatten(-2), [size[0], 1], stride=1)
    return flat.unflatten(-1, x.shape[-2:])


def _network(artifact: Path) -> nn.Module:
    """The network of the artifact's `network.py` with the state of its `weights.npz`."""
    with zipfile.ZipFile(artifact) as files:
        module = ModuleType("network")
        exec(compile(files.read("network.py"), "network.py", "exec"), module.__dict__)
        with np.load(io.BytesIO(files.read("weights.npz")), allow_pickle=False) as weights:
            state = {name: torch.from_numpy(weights[name]) for name in weights.files}
    network = module.build()
    network.load_state_dict(state)
    return network.eval()
