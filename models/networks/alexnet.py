"""AlexNet: five convolutions and three fully connected layers.

Source: A. Krizhevsky, "One weird trick for parallelizing convolutional neural networks", 2014: the variant for one
GPU, without groups and local response normalisation, as torchvision has it. Dropout is left out: it does nothing in
inference.

Input [N, 3, 224, 224], output [N, classes].
"""

from torch import nn


def alexnet(classes=1000):
    """The network: 61,100,840 parameters with 1000 classes."""
    return nn.Sequential(
        nn.Conv2d(3, 64, 11, 4, padding=2),  # 55x55
        nn.ReLU(),
        nn.MaxPool2d(3, 2),  # 27x27
        nn.Conv2d(64, 192, 5, padding=2),
        nn.ReLU(),
        nn.MaxPool2d(3, 2),  # 13x13
        nn.Conv2d(192, 384, 3, padding=1),
        nn.ReLU(),
        nn.Conv2d(384, 256, 3, padding=1),
        nn.ReLU(),
        nn.Conv2d(256, 256, 3, padding=1),
        nn.ReLU(),
        nn.MaxPool2d(3, 2),  # 6x6
        nn.Flatten(),
        nn.Linear(256 * 6 * 6, 4096),
        nn.ReLU(),
        nn.Linear(4096, 4096),
        nn.ReLU(),
        nn.Linear(4096, classes),
    )
