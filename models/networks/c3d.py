"""C3D: 3x3x3 convolutions over the frames of a short video.

Source: D. Tran et al., "Learning Spatiotemporal Features with 3D Convolutional Networks", ICCV 2015, Figure 3, as its
authors released it for Sports-1M. Dropout is left out: it does nothing in inference.

The network takes 16 frames: four poolings halve them to one. Of the 12 that the reference study names, the fourth
pooling leaves one, of which the fifth makes none.

Input [N, 3, 16, 112, 112], output [N, classes].
"""

from torch import nn

# Output channels of the convolutions of each group; each group is closed by a pooling.
GROUPS = ((64,), (128,), (256, 256), (512, 512), (512, 512))


def c3d(classes=487):
    """The network: 79,991,015 parameters with 487 classes."""
    layers = []
    width_in = 3
    for widths in GROUPS:
        for width in widths:
            layers += [nn.Conv3d(width_in, width, 3, padding=1), nn.ReLU()]
            width_in = width
        layers.append(nn.MaxPool3d(2))
    layers[2] = nn.MaxPool3d((1, 2, 2))  # the first keeps the frames
    layers[-1] = nn.MaxPool3d(2, padding=(0, 1, 1))  # 7x7 → 4x4
    return nn.Sequential(
        *layers,
        nn.Flatten(),
        nn.Linear(512 * 4 * 4, 4096),
        nn.ReLU(),
        nn.Linear(4096, 4096),
        nn.ReLU(),
        nn.Linear(4096, classes),
    )
