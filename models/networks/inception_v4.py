"""Inception-v4: blocks of parallel convolutions whose channels are concatenated, without shortcuts.

Source: C. Szegedy et al., "Inception-v4, Inception-ResNet and the Impact of Residual Connections on Learning", AAAI
2017, Figures 3 to 9. Dropout is left out: it does nothing in inference.

Input [N, 3, 299, 299] (any size from 75), output [N, classes].
"""

import torch
from torch import nn


def convolution(width_in, width_out, size, stride=1):
    """A convolution of `size` (height, width, or one for both), its batch norm and ReLU.

    It keeps the resolution; with a stride it is not padded.
    """
    height, width = size if isinstance(size, tuple) else (size, size)
    padding = (height // 2, width // 2) if stride == 1 else 0
    return nn.Sequential(
        nn.Conv2d(width_in, width_out, (height, width), stride, padding, bias=False),
        nn.BatchNorm2d(width_out),
        nn.ReLU(),
    )


def unpadded(width_in, width_out):
    """A 3x3 convolution that takes one row or column from each side."""
    return nn.Sequential(nn.Conv2d(width_in, width_out, 3, bias=False), nn.BatchNorm2d(width_out), nn.ReLU())


def chain(width, *convolutions):
    """Convolutions behind each other: (width, size) or (width, size, stride) of each."""
    layers = []
    for width_out, *shape in convolutions:
        layers.append(convolution(width, width_out, *shape))
        width = width_out
    return nn.Sequential(*layers)


def averaged(width_in, width_out):
    """The branch that every block has: the mean of 3x3 neighbours, those outside not counted, and a 1x1 convolution."""
    return nn.Sequential(nn.AvgPool2d(3, 1, padding=1, count_include_pad=False), convolution(width_in, width_out, 1))


class Branches(nn.ModuleList):
    """The same input through every branch, the channels behind each other."""

    def forward(self, x):
        return torch.cat([branch(x) for branch in self], 1)


def stem():
    """299x299x3 → 35x35x384 (Figure 3)."""
    tall, wide = (7, 1), (1, 7)
    return nn.Sequential(
        convolution(3, 32, 3, 2),  # 149x149
        unpadded(32, 32),  # 147x147
        convolution(32, 64, 3),
        Branches([nn.MaxPool2d(3, 2), convolution(64, 96, 3, 2)]),  # 73x73x160
        Branches(
            [
                nn.Sequential(convolution(160, 64, 1), unpadded(64, 96)),
                nn.Sequential(chain(160, (64, 1), (64, wide), (64, tall)), unpadded(64, 96)),
            ]
        ),  # 71x71x192
        Branches([convolution(192, 192, 3, 2), nn.MaxPool2d(3, 2)]),  # 35x35x384
    )


def block_a():
    """35x35x384 (Figure 4)."""
    return Branches(
        [
            convolution(384, 96, 1),
            chain(384, (64, 1), (96, 3)),
            chain(384, (64, 1), (96, 3), (96, 3)),
            averaged(384, 96),
        ]
    )


def reduction_a():
    """35x35x384 → 17x17x1024 (Figure 7)."""
    return Branches(
        [convolution(384, 384, 3, 2), chain(384, (192, 1), (224, 3), (256, 3, 2)), nn.MaxPool2d(3, 2)],
    )


def block_b():
    """17x17x1024 (Figure 5)."""
    tall, wide = (7, 1), (1, 7)
    return Branches(
        [
            convolution(1024, 384, 1),
            chain(1024, (192, 1), (224, wide), (256, tall)),
            chain(1024, (192, 1), (192, tall), (224, wide), (224, tall), (256, wide)),
            averaged(1024, 128),
        ]
    )


def reduction_b():
    """17x17x1024 → 8x8x1536 (Figure 8)."""
    return Branches(
        [
            chain(1024, (192, 1), (192, 3, 2)),
            chain(1024, (256, 1), (256, (1, 7)), (320, (7, 1)), (320, 3, 2)),
            nn.MaxPool2d(3, 2),
        ]
    )


def block_c():
    """8x8x1536 (Figure 6)."""
    tall, wide = (3, 1), (1, 3)
    return Branches(
        [
            convolution(1536, 256, 1),
            nn.Sequential(
                convolution(1536, 384, 1), Branches([convolution(384, 256, wide), convolution(384, 256, tall)])
            ),
            nn.Sequential(
                chain(1536, (384, 1), (448, tall), (512, wide)),
                Branches([convolution(512, 256, wide), convolution(512, 256, tall)]),
            ),
            averaged(1536, 256),
        ]
    )


def inception_v4(classes=1000):
    """The network: 42,679,816 parameters with 1000 classes."""
    return nn.Sequential(
        stem(),
        *[block_a() for _ in range(4)],
        reduction_a(),
        *[block_b() for _ in range(7)],
        reduction_b(),
        *[block_c() for _ in range(3)],
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Linear(1536, classes),
    )
