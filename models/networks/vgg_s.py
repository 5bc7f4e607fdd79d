"""VGG-S: the slow one of three networks with five convolutions and three fully connected layers.

Source: K. Chatfield et al., "Return of the Devil in the Details: Delving Deep into Convolutional Nets", BMVC 2014,
CNN-S of its Table 1, with the second convolution unpadded, as its authors released it (VGG_CNN_S for Caffe). Dropout is
left out: it does nothing in inference.

The paper has no variant for 32x32 pictures. Ours keeps all widths, begins without a stride, pads the second convolution
and ends in 2x2: with 100 classes it has the 32.11 M parameters of the reference study's Table I.

Input [N, 3, 224, 224] or [N, 3, 32, 32], output [N, classes].
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
    """Divides by (2 + 0.0005 * mean of the squares of 5 neighbouring channels) ** 0.75."""

    def forward(self, x):
        settings = 5, 0.0005, 0.75, 2.0
        if torch.onnx.is_in_onnx_export():
            return _LrnOperator.apply(x, *settings)
        return functional.local_response_norm(x, *settings)


def _vgg_s(stem, second, last_pool, features, classes):
    """What the two sizes have in common: all widths, and the layers from the third convolution on."""
    return nn.Sequential(
        *stem,
        *second,
        nn.Conv2d(256, 512, 3, padding=1),
        nn.ReLU(),
        nn.Conv2d(512, 512, 3, padding=1),
        nn.ReLU(),
        nn.Conv2d(512, 512, 3, padding=1),
        nn.ReLU(),
        last_pool,
        nn.Flatten(),
        nn.Linear(features, 4096),
        nn.ReLU(),
        nn.Linear(4096, 4096),
        nn.ReLU(),
        nn.Linear(4096, classes),
    )


def vgg_s_224(classes=1000):
    """The network for 224x224: 102,908,520 parameters with 1000 classes."""
    stem = (
        nn.Conv2d(3, 96, 7, 2),  # 109x109
        nn.ReLU(),
        LocalResponseNorm(),
        nn.MaxPool2d(3, 3, ceil_mode=True),  # 37x37
    )
    second = nn.Conv2d(96, 256, 5), nn.ReLU(), nn.MaxPool2d(2, ceil_mode=True)  # 33x33, 17x17
    return _vgg_s(stem, second, nn.MaxPool2d(3, 3, ceil_mode=True), 512 * 6 * 6, classes)


def vgg_s_32(classes=100):
    """The network for 32x32: 32,112,356 parameters with 100 classes."""
    stem = (
        nn.Conv2d(3, 96, 7),  # 26x26
        nn.ReLU(),
        LocalResponseNorm(),
        nn.MaxPool2d(3, 3),  # 8x8
    )
    second = nn.Conv2d(96, 256, 5, padding=1), nn.ReLU(), nn.MaxPool2d(2)  # 6x6, 3x3
    return _vgg_s(stem, second, nn.MaxPool2d(2, ceil_mode=True), 512 * 2 * 2, classes)
