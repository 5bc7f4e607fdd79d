"""MobileNet-v2: inverted residuals with linear bottlenecks.

Source: M. Sandler et al., "MobileNetV2: Inverted Residuals and Linear Bottlenecks", CVPR 2018, Table 2, width 1.0.
Dropout is left out: it does nothing in inference.

Input [N, 3, 224, 224] (any multiple of 32), output [N, classes].
"""

from torch import nn

# Table 2 of the paper: expansion, output channels, how many blocks, stride of the first.
STAGES = (
    (1, 16, 1, 1),
    (6, 24, 2, 2),
    (6, 32, 3, 2),
    (6, 64, 4, 2),
    (6, 96, 3, 1),
    (6, 160, 3, 2),
    (6, 320, 1, 1),
)


def convolution(width_in, width_out, size, stride=1, groups=1):
    """A convolution that keeps the resolution (divided by the stride), its batch norm and ReLU6."""
    return nn.Sequential(
        nn.Conv2d(width_in, width_out, size, stride, padding=size // 2, groups=groups, bias=False),
        nn.BatchNorm2d(width_out),
        nn.ReLU6(),
    )


class InvertedResidual(nn.Module):
    """Widens (unless the expansion is 1), filters each channel by itself, narrows without a non-linearity."""

    def __init__(self, width_in, width_out, stride, expansion):
        super().__init__()
        wide = expansion * width_in
        self.adds = stride == 1 and width_in == width_out
        self.layers = nn.Sequential(
            convolution(width_in, wide, 1) if expansion > 1 else nn.Identity(),
            convolution(wide, wide, 3, stride, groups=wide),
            nn.Conv2d(wide, width_out, 1, bias=False),
            nn.BatchNorm2d(width_out),
        )

    def forward(self, x):
        return x + self.layers(x) if self.adds else self.layers(x)


def mobilenet_v2(classes=1000):
    """The network: 3,504,872 parameters with 1000 classes."""
    layers = [convolution(3, 32, 3, 2)]
    width_in = 32
    for expansion, width, depth, stride in STAGES:
        for place in range(depth):
            layers.append(InvertedResidual(width_in, width, 1 if place else stride, expansion))
            width_in = width
    layers.append(convolution(width_in, 1280, 1))
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(1280, classes))
