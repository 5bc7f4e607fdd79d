"""Xception: depthwise separable convolutions with shortcuts.

Source: F. Chollet, "Xception: Deep Learning with Depthwise Separable Convolutions", CVPR 2017, Figure 5, as Keras has
it. Where Keras pads unevenly before a stride of 2, this pads by one on all sides; shapes are the same.

Input [N, 3, 299, 299] (any size from 71), output [N, classes].
"""

from torch import nn


def separable(width_in, width_out):
    """A 3x3 filter on each channel by itself, a 1x1 convolution across them, and one batch norm for both."""
    return nn.Sequential(
        nn.Conv2d(width_in, width_in, 3, padding=1, groups=width_in, bias=False),
        nn.Conv2d(width_in, width_out, 1, bias=False),
        nn.BatchNorm2d(width_out),
    )


class Block(nn.Module):
    """x plus separable convolutions of it, each behind a ReLU; with a stride, both are halved in resolution."""

    def __init__(self, widths, stride=1, relu_first=True):
        super().__init__()
        layers = []
        for width_in, width_out in zip(widths, widths[1:]):
            layers += [nn.ReLU(), separable(width_in, width_out)]
        if stride == 1:
            self.shortcut = nn.Identity()
        else:
            layers.append(nn.MaxPool2d(3, stride, padding=1))
            self.shortcut = nn.Sequential(
                nn.Conv2d(widths[0], widths[-1], 1, stride, bias=False), nn.BatchNorm2d(widths[-1])
            )
        self.residual = nn.Sequential(*layers if relu_first else layers[1:])

    def forward(self, x):
        return self.shortcut(x) + self.residual(x)


def xception(classes=1000):
    """The network: 22,855,952 parameters with 1000 classes."""
    return nn.Sequential(
        nn.Conv2d(3, 32, 3, 2, bias=False),  # 149x149
        nn.BatchNorm2d(32),
        nn.ReLU(),
        nn.Conv2d(32, 64, 3, bias=False),  # 147x147
        nn.BatchNorm2d(64),
        nn.ReLU(),
        Block((64, 128, 128), 2, relu_first=False),  # 74x74
        Block((128, 256, 256), 2),  # 37x37
        Block((256, 728, 728), 2),  # 19x19
        *[Block((728, 728, 728, 728)) for _ in range(8)],
        Block((728, 728, 1024), 2),  # 10x10
        separable(1024, 1536),
        nn.ReLU(),
        separable(1536, 2048),
        nn.ReLU(),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Linear(2048, classes),
    )
