"""A network as an ExecuTorch program, its parts that XNNPACK can compute given to XNNPACK, in float32 or int8."""

import io
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import torch
from executorch.backends.xnnpack.partition.xnnpack_partitioner import XnnpackPartitioner
from executorch.backends.xnnpack.quantizer.xnnpack_quantizer import (
    XNNPACKQuantizer,
    get_symmetric_quantization_config,
)
from executorch.exir import to_edge_transform_and_lower
from torch import nn
from torch.nn import functional
from torchao.quantization.pt2e.quantize_pt2e import convert_pt2e, prepare_pt2e

from models.inputs import make

# Computed in float32 in an int8 program too: XNNPACK refuses the quantized padding along channels that it is made of.
FLOAT = ("LocalResponseNorm",)


def to_executorch(
    artifact: Path, inputs: Sequence[Mapping[str, Any]], calibration: Iterator[list[np.ndarray]] | None
) -> bytes:
    """The program of a `torch` artifact for these inputs: the same bytes for the same network.

    With `calibration`, which gives inputs, XNNPACK's own quantizer makes it int8: weights with a scale for each
    channel, activations with the ranges that these inputs led to.
    """
    network, example = _network(artifact), tuple(map(torch.from_numpy, make(inputs, 0)))
    if calibration is not None:
        network = _quantized(network, example, calibration)
    exported = torch.export.export(network, example)
    exported = exported.run_decompositions({torch.ops.aten.avg_pool3d.default: _avg_pool3d})
    return bytes(to_edge_transform_and_lower(exported, partitioner=[XnnpackPartitioner()]).to_executorch().buffer)


def _quantized(
    network: nn.Module, example: tuple[torch.Tensor, ...], calibration: Iterator[list[np.ndarray]]
) -> nn.Module:
    quantizer = XNNPACKQuantizer().set_global(get_symmetric_quantization_config(is_per_channel=True))
    for kind in {type(each) for each in network.modules() if type(each).__name__ in FLOAT}:
        quantizer.set_module_type(kind, None)
    prepared = prepare_pt2e(torch.export.export(network, example).module(), quantizer)
    with torch.no_grad():
        for given in calibration:
            prepared(*map(torch.from_numpy, given))
    return convert_pt2e(prepared)


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
