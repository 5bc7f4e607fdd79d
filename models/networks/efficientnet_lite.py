"""EfficientNet-Lite0: EfficientNet-B0 without squeeze-and-excitation, and with ReLU6 instead of swish.

Source: M. Tan and Q. Le, "EfficientNet: Rethinking Model Scaling for Convolutional Neural Networks", ICML 2019, Table
1, and R. Liu, "Higher accuracy on vision models with EfficientNet-Lite", TensorFlow blog, 2020. Where TensorFlow pads
unevenly before a stride of 2, this pads by half the filter on all sides; shapes are the same. Dropout is left out: it
does nothing in inference.

Input [N, 3, 224, 224] (any multiple of 32), output [N, classes].
"""

from torch import nn

# Table 1: expansion, size of the filter, output channels, how many blocks, stride of the first.
STAGES = (
    (1, 3, 16, 1, 1),
    (6, 3, 24, 2, 2),
    (6, 5, 40, 2, 2),
    (6, 3, 80, 3, 2),
    (6, 5, 112, 3, 1),
    (6, 5, 192, 4, 2),
    (6, 3, 320, 1, 1),
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

    def __init__(self, width_in, width_out, size, stride, expansion):
        super().__init__()
        wide = expansion * width_in
        self.adds = stride == 1 and width_in == width_out
        self.layers = nn.Sequential(
            convolution(width_in, wide, 1) if expansion > 1 else nn.Identity(),
            convolution(wide, wide, size, stride, groups=wide),
            nn.Conv2d(wide, width_out, 1, bias=False),
            nn.BatchNorm2d(width_out),
        )

    def forward(self, x):
        return x + self.layers(x) if self.adds else self.layers(x)


def efficientnet_lite0(classes=1000):
    """The network: 4,652,008 parameters with 1000 classes."""
    layers = [convolution(3, 32, 3, 2)]
    width_in = 32
    for expansion, size, width, depth, stride in STAGES:
        for place in range(depth):
            layers.append(InvertedResidual(width_in, width, size, 1 if place else stride, expansion))
            width_in = width
    layers.append(convolution(width_in, 1280, 1))
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(1280, classes))
