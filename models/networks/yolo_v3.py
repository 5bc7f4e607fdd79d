"""YOLOv3 on Darknet-53, and its small variant YOLOv3-tiny.

Source: J. Redmon and A. Farhadi, "YOLOv3: An Incremental Improvement", 2018, and DarkNet's yolov3.cfg and
yolov3-tiny.cfg.

Input [N, 3, 416, 416] (any multiple of 32). One raw output, [N, anchors, 5 + classes]: 10,647 anchors (2,535 in the
small variant) of x, y, width, height, objectness and classes, as the last convolutions leave them. No logistic, anchor
or non-maximum suppression is applied. Anchors are in the order of resolution (13x13 first), row, column, and shape.
"""

import torch
from torch import nn

SHAPES = 3  # anchors at each place
# Darknet-53: output channels of each stage, which halves the resolution, and how many residual blocks it has.
STAGES = ((64, 1), (128, 2), (256, 8), (512, 8), (1024, 4))


def convolution(width_in, width_out, size, stride=1):
    """A convolution that keeps the resolution (divided by the stride), its batch norm and leaky ReLU."""
    return nn.Sequential(
        nn.Conv2d(width_in, width_out, size, stride, padding=size // 2, bias=False),
        nn.BatchNorm2d(width_out),
        nn.LeakyReLU(0.1),
    )


class Residual(nn.Module):
    """x plus two convolutions of it, the first of which halves the channels."""

    def __init__(self, width):
        super().__init__()
        self.layers = nn.Sequential(convolution(width, width // 2, 1), convolution(width // 2, width, 3))

    def forward(self, x):
        return x + self.layers(x)


class SamePool(nn.Module):
    """The largest of 2x2 without a stride; the resolution is kept, as if the last row and column were there twice."""

    def __init__(self):
        super().__init__()
        self.pool = nn.MaxPool2d(2, 1, padding=1)

    def forward(self, x):
        return self.pool(x)[:, :, 1:, 1:]


def neck(width_in, width):
    """Five convolutions, by turns 1x1 and 3x3."""
    return nn.Sequential(
        convolution(width_in, width, 1),
        convolution(width, 2 * width, 3),
        convolution(2 * width, width, 1),
        convolution(width, 2 * width, 3),
        convolution(2 * width, width, 1),
    )


def lateral(width_in, width):
    """What goes from one resolution to the next finer one."""
    return nn.Sequential(convolution(width_in, width, 1), nn.Upsample(scale_factor=2.0, mode="nearest"))


class Yolo(nn.Module):
    """A backbone, and for each resolution from coarse to fine: neck, tower and head.

    From a neck `laterals` lead to the next finer resolution, where what they bring is put before the channels that the
    backbone's stage of that resolution gave.
    """

    def __init__(self, stages, necks, towers, laterals, classes):
        super().__init__()
        self.row = 5 + classes
        self.stages = nn.ModuleList(stages)
        self.necks = nn.ModuleList(necks)
        self.towers = nn.ModuleList(towers)
        self.laterals = nn.ModuleList(laterals)
        widths = [tower[0].out_channels for tower in towers]
        self.heads = nn.ModuleList(nn.Conv2d(width, SHAPES * self.row, 1) for width in widths)

    def forward(self, x):
        features = []
        for stage in self.stages:
            x = stage(x)
            features.append(x)
        found = []
        for place, feature in enumerate(features[: -len(self.necks) - 1 : -1]):
            x = torch.cat([self.laterals[place - 1](x), feature], 1) if place else feature
            x = self.necks[place](x)
            found.append(self._rows(self.heads[place](self.towers[place](x))))
        return torch.cat(found, 1)

    def _rows(self, x):
        """[N, shapes * row, height, width] → [N, height * width * shapes, row]."""
        return x.permute(0, 2, 3, 1).reshape(x.shape[0], -1, self.row)


def yolo_v3(classes=80):
    """The network: 61,949,149 parameters with 80 classes."""
    stages = []
    width_in = 32
    for width, depth in STAGES:
        stages.append(nn.Sequential(convolution(width_in, width, 3, 2), *[Residual(width) for _ in range(depth)]))
        width_in = width
    stages[0] = nn.Sequential(convolution(3, 32, 3), stages[0])
    return Yolo(
        stages,
        necks=[neck(1024, 512), neck(256 + 512, 256), neck(128 + 256, 128)],
        towers=[convolution(512, 1024, 3), convolution(256, 512, 3), convolution(128, 256, 3)],
        laterals=[lateral(512, 256), lateral(256, 128)],
        classes=classes,
    )


def yolo_v3_tiny(classes=80):
    """The network: 8,852,366 parameters with 80 classes."""
    layers = []
    width_in = 3
    for width in (16, 32, 64, 128, 256):
        layers += [convolution(width_in, width, 3), nn.MaxPool2d(2)]
        width_in = width
    fine = nn.Sequential(*layers[:-1])  # 26x26x256
    coarse = nn.Sequential(layers[-1], convolution(256, 512, 3), SamePool(), convolution(512, 1024, 3))  # 13x13x1024
    return Yolo(
        [fine, coarse],
        necks=[convolution(1024, 256, 1), nn.Identity()],
        towers=[convolution(256, 512, 3), convolution(128 + 256, 256, 3)],
        laterals=[lateral(256, 128)],
        classes=classes,
    )
