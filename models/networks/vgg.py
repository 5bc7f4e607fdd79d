"""VGG: 3x3 convolutions in five groups, each closed by a pooling, then three fully connected layers.

Source: K. Simonyan and A. Zisserman, "Very Deep Convolutional Networks for Large-Scale Image Recognition", ICLR 2015,
Table 1: VGG16 is its configuration D, VGG19 its E. Dropout is left out: it does nothing in inference.

Input [N, 3, 224, 224], output [N, classes].
"""

from torch import nn

WIDTHS = (64, 128, 256, 512, 512)


def vgg(depths, classes=1000):
    """The network with so many convolutions in each of the five groups."""
    layers = []
    width_in = 3
    for width, depth in zip(WIDTHS, depths):
        for _ in range(depth):
            layers += [nn.Conv2d(width_in, width, 3, padding=1), nn.ReLU()]
            width_in = width
        layers.append(nn.MaxPool2d(2))
    return nn.Sequential(
        *layers,
        nn.Flatten(),
        nn.Linear(512 * 7 * 7, 4096),
        nn.ReLU(),
        nn.Linear(4096, 4096),
        nn.ReLU(),
        nn.Linear(4096, classes),
    )
