"""CifarNet: a small network for 32x32 pictures.

Source: A. Krizhevsky, "Learning Multiple Layers of Features from Tiny Images", 2009, in the layout of TF-slim's
cifarnet: two 5x5 convolutions of 64 channels, each with pooling and local response normalisation, then 384, 192 and
10 units. Two things differ. The convolutions are not padded: TF-slim's padding makes 1,756,426 parameters; without it
there are 797,962, the 0.79 M of the reference study's Table I. Dropout is left out: it does nothing in inference.

Input [N, 3, 32, 32], output [N, classes].
"""

import torch
from torch import nn
from torch.nn import functional


class _LrnOperator(torch.autograd.Function):
    """The same normalisation, exported as ONNX's own operator instead of the seven that PyTorch computes it with."""

    @staticmethod
    def forward(_context, x, size, alpha, beta, k):
        return functional.local_response_norm(x, size, alpha, beta, k)

    @staticmethod
    def symbolic(graph, x, size, alpha, beta, k):
        normalised = graph.op("LRN", x, size_i=size, alpha_f=alpha, beta_f=beta, bias_f=k)
        normalised.setType(x.type())
        return normalised


class LocalResponseNorm(nn.Module):
    """Divides by (1 + 0.001 * mean of the squares of 9 neighbouring channels) ** 0.75."""

    def forward(self, x):
        settings = 9, 0.001, 0.75, 1.0
        if torch.onnx.is_in_onnx_export():
            return _LrnOperator.apply(x, *settings)
        return functional.local_response_norm(x, *settings)


def cifarnet(classes=10):
    """The network: 797,962 parameters with 10 classes."""
    return nn.Sequential(
        nn.Conv2d(3, 64, 5),  # 28x28
        nn.ReLU(),
        nn.MaxPool2d(2),  # 14x14
        LocalResponseNorm(),
        nn.Conv2d(64, 64, 5),  # 10x10
        nn.ReLU(),
        LocalResponseNorm(),
        nn.MaxPool2d(2),  # 5x5
        nn.Flatten(),
        nn.Linear(64 * 5 * 5, 384),
        nn.ReLU(),
        nn.Linear(384, 192),
        nn.ReLU(),
        nn.Linear(192, classes),
    )
