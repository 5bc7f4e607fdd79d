"""Seeded weights that keep every activation at unit scale, without training.

Plain random weights let activations fade layer by layer until the output no longer depends on the input: any parity
check would pass, and denormal numbers would change timings. So one seeded batch is sent through the network in double
precision, and each layer is scaled to it before the next one sees it:

- weights are drawn from He's normal distribution (He et al., ICCV 2015);
- a batch norm takes its statistics from the batch (what training would have left there), its scale and shift drawn
  around 1 and SHIFT, so that a converter that folds them wrongly is found out;
- a layer with a bias, which no batch norm follows, is scaled to unit variance and every channel moved to a mean around
  SHIFT (layer-sequential unit-variance: Mishkin and Matas, ICLR 2016);
- a convolution that is left one point, as in squeeze-and-excitation, keeps its channels' means and only all of them
  together are moved: behind a mean over the whole picture pictures differ little, and centring would magnify that;
- the layers that make outputs (the last with a bias, or the network's `heads`) are scaled to a standard deviation of 4
  around 0, so that outputs spread over about -10 to 10;
- a layer norm has a scale around 1 and a shift around 0: it needs no statistics;
- what a network adds of its own, such as the embedding of a place, is drawn from the standard normal distribution.

Everything between is left to itself: local response normalisation, gates, attention, concatenation and upsampling keep
what they are given near unit scale.

One picture of the batch is blank. Without it a flat picture, whose channels deviate from their means all together,
would grow at every layer (800-fold in ResNet-50). And SHIFT keeps most of each channel above ReLU's bend: around 0 the
layers amplify rounding errors, twelve times as much in ResNet-50 as around 0.5, and half precision drowns. The deeper
a network without shortcuts, the more it needs (Inception-v4 at 0.5: four times the error in float32 as at 0.8); beyond,
hard swish and ReLU6 meet their other bend.

Double precision makes the bytes the same whatever the number of threads or the order of sums on a machine: the
differences vanish when the result is rounded to float32.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import numpy as np
import torch
from torch import nn

from models.inputs import picture

WEIGHTED = (nn.Conv1d, nn.Conv2d, nn.Conv3d, nn.Linear)
NORMS = (nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d)
BATCH = 8
CALIBRATION_SEED = 1000  # far from the seeds of inputs that are measured
SHIFT = 0.8
OUTPUT_STD = 4.0


def seed_weights(network: nn.Module, shape: tuple[int, ...], seed: int = 0) -> nn.Module:
    """Give the network its weights, in place; it comes back in float32 and evaluation mode.

    `shape` is the network's input, batch first. Raises ValueError for a layer that has parameters and no rule here:
    it would keep PyTorch's own, unseeded initialisation.
    """
    random = np.random.RandomState(seed)
    network.double().eval()
    for name, layer in network.named_modules():
        _draw(name, layer, random)
    batch = picture((BATCH, *shape[1:]), CALIBRATION_SEED + seed)
    batch[-1] = 0
    with torch.no_grad(), _scaling(network, random):
        network(torch.from_numpy(batch).double())
    return network.float().eval()


def _draw(name: str, layer: nn.Module, random: np.random.RandomState) -> None:
    if isinstance(layer, WEIGHTED):
        inputs = layer.weight[0].numel()
        _fill(layer.weight, random.standard_normal(layer.weight.shape) * np.sqrt(2 / inputs))
    elif isinstance(layer, NORMS):
        _fill(layer.weight, random.uniform(0.8, 1.2, layer.weight.shape))
        _fill(layer.bias, random.standard_normal(layer.bias.shape) * 0.1 + SHIFT)
    elif isinstance(layer, nn.LayerNorm):
        _fill(layer.weight, random.uniform(0.8, 1.2, layer.weight.shape))
        _fill(layer.bias, random.standard_normal(layer.bias.shape) * 0.1)
    elif not type(layer).__module__.startswith("torch."):  # a class of the network's own file
        for parameter in layer.parameters(recurse=False):
            _fill(parameter, random.standard_normal(parameter.shape))
    elif any(True for _ in layer.parameters(recurse=False)):
        raise ValueError(f"seeding has no rule for {type(layer).__name__} at {name}")


def _fill(parameter: torch.Tensor, values: np.ndarray) -> None:
    with torch.no_grad():
        parameter.copy_(torch.from_numpy(values))


@contextmanager
def _scaling(network: nn.Module, random: np.random.RandomState) -> Iterator[None]:
    """While this holds, a batch that passes through the network scales each layer before the next one sees it."""
    biased = [layer for layer in network.modules() if isinstance(layer, WEIGHTED) and layer.bias is not None]
    norms = [layer for layer in network.modules() if isinstance(layer, NORMS)]
    momenta = [norm.momentum for norm in norms]
    heads = set(network.heads.modules()) if hasattr(network, "heads") else {biased[-1]}
    hooks = [
        layer.register_forward_hook(_scaler(*(OUTPUT_STD, 0.0) if layer in heads else (1.0, SHIFT), random))
        for layer in biased
    ]
    for norm in norms:
        norm.train().momentum = 1.0  # the statistics of this batch replace what was there
    try:
        yield
    finally:
        for hook in hooks:
            hook.remove()
        for norm, momentum in zip(norms, momenta, strict=True):
            norm.eval().momentum = momentum


def _scaler(std: float, centre: float, random: np.random.RandomState) -> Callable[..., torch.Tensor]:
    def scale(layer: nn.Module, _inputs: tuple[torch.Tensor, ...], output: torch.Tensor) -> torch.Tensor:
        """Scale the layer so that its output has `std` over the batch, and each channel a mean around `centre`."""
        axes = [axis for axis in range(output.ndim) if axis != _channel_axis(layer, output)]
        output = output - layer.bias.view(_along(layer, output))
        mean = output.mean().expand_as(layer.bias) if _is_point(output) else output.mean(axes)
        factor = std / (output - mean.view(_along(layer, output))).std()
        layer.weight.mul_(factor)
        shift = torch.from_numpy(random.standard_normal(mean.shape) * 0.1 * std + centre)
        layer.bias.copy_(shift - mean * factor)
        return output * factor + layer.bias.view(_along(layer, output))

    return scale


def _is_point(output: torch.Tensor) -> bool:
    """Whether an output has height and width (and depth), and each is one."""
    return output.ndim > 2 and output[0, 0].numel() == 1


def _channel_axis(layer: nn.Module, output: torch.Tensor) -> int:
    return output.ndim - 1 if isinstance(layer, nn.Linear) else 1


def _along(layer: nn.Module, output: torch.Tensor) -> list[int]:
    """The shape that lays one number per channel along the output's channels."""
    axis = _channel_axis(layer, output)
    return [output.shape[axis] if place == axis else 1 for place in range(output.ndim)]
