"""ResNet: residual networks of basic or bottleneck blocks.

Source: K. He et al., "Deep Residual Learning for Image Recognition", CVPR 2016. Where a bottleneck halves the
resolution, its 3x3 convolution has the stride (torchvision's and NVIDIA's "v1.5"), not the first 1x1 as in the paper:
parameters are the same, ResNet-50 has 4.09 instead of 3.86 billion multiply-accumulates.

Input [N, 3, 224, 224] (any size from 32), output [N, classes].
"""

from torch import nn


def convolution(width_in, width_out, size, stride=1):
    """A convolution that keeps the resolution (divided by the stride), and its batch norm."""
    return nn.Sequential(
        nn.Conv2d(width_in, width_out, size, stride, padding=size // 2, bias=False), nn.BatchNorm2d(width_out)
    )


def basic(width_in, width, stride):
    """The residual of ResNet-18 and 34: two 3x3 convolutions."""
    return nn.Sequential(convolution(width_in, width, 3, stride), nn.ReLU(), convolution(width, width, 3))


def bottleneck(width_in, width, stride):
    """The residual of ResNet-50 and deeper: 3x3 between two 1x1 convolutions, the last four times as wide."""
    return nn.Sequential(
        convolution(width_in, width, 1),
        nn.ReLU(),
        convolution(width, width, 3, stride),
        nn.ReLU(),
        convolution(width, 4 * width, 1),
    )


EXPANSION = {basic: 1, bottleneck: 4}  # how much wider a block's output is than its width says


class Block(nn.Module):
    """relu(shortcut(x) + residual(x)); the shortcut is a projection only where the shape changes."""

    def __init__(self, kind, width_in, width, stride):
        super().__init__()
        width_out = EXPANSION[kind] * width
        same = stride == 1 and width_in == width_out
        self.residual = kind(width_in, width, stride)
        self.shortcut = nn.Identity() if same else convolution(width_in, width_out, 1, stride)
        self.relu = nn.ReLU()

    def forward(self, x):
        return self.relu(self.shortcut(x) + self.residual(x))


def resnet(kind, depths, classes=1000):
    """The network: a stem, one stage of blocks for each of `depths`, average pooling and a classifier."""
    layers = [convolution(3, 64, 7, 2), nn.ReLU(), nn.MaxPool2d(3, 2, padding=1)]
    width_in = 64
    for stage, depth in enumerate(depths):
        width = 64 << stage
        for place in range(depth):
            layers.append(Block(kind, width_in, width, 2 if stage and not place else 1))
            width_in = EXPANSION[kind] * width
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(width_in, classes))
