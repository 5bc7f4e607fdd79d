"""MobileNet-v3-Small: inverted residuals with squeeze-and-excitation and hard swish.

Source: A. Howard et al., "Searching for MobileNetV3", ICCV 2019, Table 2, width 1.0, with torchvision's widths of the
squeezed layers. Dropout is left out: it does nothing in inference.

Input [N, 3, 224, 224] (any multiple of 32), output [N, classes].
"""

from torch import nn

# Table 2: size of the filter, expanded channels, output channels, squeezes, activation, stride.
BLOCKS = (
    (3, 16, 16, True, nn.ReLU, 2),
    (3, 72, 24, False, nn.ReLU, 2),
    (3, 88, 24, False, nn.ReLU, 1),
    (5, 96, 40, True, nn.Hardswish, 2),
    (5, 240, 40, True, nn.Hardswish, 1),
    (5, 240, 40, True, nn.Hardswish, 1),
    (5, 120, 48, True, nn.Hardswish, 1),
    (5, 144, 48, True, nn.Hardswish, 1),
    (5, 288, 96, True, nn.Hardswish, 2),
    (5, 576, 96, True, nn.Hardswish, 1),
    (5, 576, 96, True, nn.Hardswish, 1),
)


def convolution(width_in, width_out, size, activation, stride=1, groups=1):
    """A convolution that keeps the resolution (divided by the stride), its batch norm and activation."""
    return nn.Sequential(
        nn.Conv2d(width_in, width_out, size, stride, padding=size // 2, groups=groups, bias=False),
        nn.BatchNorm2d(width_out),
        activation(),
    )


def squeezed(width):
    """A quarter of the channels, to the nearest multiple of 8, at least 8 and no less than nine tenths of it."""
    nearest = max(8, (width // 4 + 4) // 8 * 8)
    return nearest if nearest >= 0.9 * (width // 4) else nearest + 8


class SqueezeExcitation(nn.Module):
    """Weighs each channel by a number from 0 to 1 that the means of all channels decide on."""

    def __init__(self, width):
        super().__init__()
        self.gate = nn.Sequential(
            nn.AdaptiveAvgPool2d(1),
            nn.Conv2d(width, squeezed(width), 1),
            nn.ReLU(),
            nn.Conv2d(squeezed(width), width, 1),
            nn.Hardsigmoid(),
        )

    def forward(self, x):
        return x * self.gate(x)


class InvertedResidual(nn.Module):
    """Widens (unless it is wide enough), filters and weighs each channel, narrows without a non-linearity."""

    def __init__(self, width_in, size, wide, width_out, squeezes, activation, stride):
        super().__init__()
        self.adds = stride == 1 and width_in == width_out
        self.layers = nn.Sequential(
            convolution(width_in, wide, 1, activation) if wide != width_in else nn.Identity(),
            convolution(wide, wide, size, activation, stride, groups=wide),
            SqueezeExcitation(wide) if squeezes else nn.Identity(),
            nn.Conv2d(wide, width_out, 1, bias=False),
            nn.BatchNorm2d(width_out),
        )

    def forward(self, x):
        return x + self.layers(x) if self.adds else self.layers(x)


def mobilenet_v3_small(classes=1000):
    """The network: 2,542,856 parameters with 1000 classes."""
    layers = [convolution(3, 16, 3, nn.Hardswish, 2)]
    width_in = 16
    for block in BLOCKS:
        layers.append(InvertedResidual(width_in, *block))
        width_in = block[2]
    return nn.Sequential(
        *layers,
        convolution(width_in, 576, 1, nn.Hardswish),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Linear(576, 1024),
        nn.Hardswish(),
        nn.Linear(1024, classes),
    )
