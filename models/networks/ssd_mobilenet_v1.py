"""SSD on MobileNet-v1: boxes and classes at six resolutions.

Source: A. G. Howard et al., "MobileNets: Efficient Convolutional Neural Networks for Mobile Vision Applications", 2017,
Tables 1 and 13, with the detector of W. Liu et al., "SSD: Single Shot MultiBox Detector", ECCV 2016, in the layout of
TensorFlow's object detection (ssd_mobilenet_v1_coco): 1x1 convolutions predict, ReLU6, 90 classes and background. Where
TensorFlow pads unevenly before a stride of 2, this pads by one on all sides; shapes are the same.

Input [N, 3, 300, 300]. Two raw outputs, for 1917 anchors: offsets of boxes [N, 1917, 4] and scores [N, 1917, 91].
No anchor is added, no logistic and no non-maximum suppression applied. Anchors are in the order of resolution (19x19
first), row, column, and shape.
"""

import torch
from torch import nn

# Table 1: output channels and stride of each depthwise separable convolution, up to the first that predicts.
BACKBONE = ((64, 1), (128, 2), (128, 1), (256, 2), (256, 1), (512, 2), *[(512, 1)] * 5)
# The four layers that SSD adds: channels of the 1x1 and of the 3x3 convolution.
EXTRAS = ((256, 512), (128, 256), (128, 256), (64, 128))
# Channels and shapes of anchors where something is predicted: 19x19, 10x10, 5x5, 3x3, 2x2, 1x1.
PREDICTED = ((512, 3), (1024, 6), (512, 6), (256, 6), (256, 6), (128, 6))


def convolution(width_in, width_out, size, stride=1, groups=1):
    """A convolution that keeps the resolution (divided by the stride), its batch norm and ReLU6."""
    return nn.Sequential(
        nn.Conv2d(width_in, width_out, size, stride, padding=size // 2, groups=groups, bias=False),
        nn.BatchNorm2d(width_out),
        nn.ReLU6(),
    )


def separable(width_in, width_out, stride):
    """A 3x3 filter on each channel by itself, then a 1x1 convolution across them."""
    return nn.Sequential(convolution(width_in, width_in, 3, stride, width_in), convolution(width_in, width_out, 1))


def backbone():
    """300x300x3 → 19x19x512."""
    layers = [convolution(3, 32, 3, 2)]
    width_in = 32
    for width, stride in BACKBONE:
        layers.append(separable(width_in, width, stride))
        width_in = width
    return nn.Sequential(*layers)


def extras():
    """From 10x10x1024 down to 1x1x128, half the resolution each."""
    width_in = 1024
    for narrow, width in EXTRAS:
        yield nn.Sequential(convolution(width_in, narrow, 1), convolution(narrow, width, 3, 2))
        width_in = width


def rows(x, length):
    """[N, shapes * length, height, width] → [N, height * width * shapes, length]."""
    return x.permute(0, 2, 3, 1).reshape(x.shape[0], -1, length)


class Ssd(nn.Module):
    """Stages of falling resolution, and at each what it predicts of boxes and of classes."""

    def __init__(self, classes):
        super().__init__()
        self.classes = classes
        deeper = nn.Sequential(separable(512, 1024, 2), separable(1024, 1024, 1))
        self.stages = nn.ModuleList([backbone(), deeper, *extras()])
        self.heads = nn.ModuleList(
            nn.ModuleDict({"boxes": nn.Conv2d(width, shapes * 4, 1), "scores": nn.Conv2d(width, shapes * classes, 1)})
            for width, shapes in PREDICTED
        )

    def forward(self, x):
        boxes, scores = [], []
        for stage, head in zip(self.stages, self.heads):
            x = stage(x)
            boxes.append(rows(head["boxes"](x), 4))
            scores.append(rows(head["scores"](x), self.classes))
        return torch.cat(boxes, 1), torch.cat(scores, 1)


def ssd_mobilenet_v1(classes=91):
    """The network, background among the classes."""
    return Ssd(classes)
