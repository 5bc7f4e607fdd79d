"""Counts of every network, checked by hand and against torchvision's and timm's networks: none may change unseen.

tests/engine/models/test_models.py holds them to what PyTorch's own counter says.

Model → parameters, multiply-accumulates, shapes of its outputs.
"""

COUNTS: dict[str, tuple[int, int, list[list[int]]]] = {
    "cifarnet": (797_962, 14_693_248, [[1, 10]]),
    "resnet-18": (11_689_512, 1_814_073_344, [[1, 1000]]),
    "resnet-50": (25_557_032, 4_089_184_256, [[1, 1000]]),
    "resnet-101": (44_549_160, 7_801_405_440, [[1, 1000]]),
    "xception": (22_855_952, 8_357_403_496, [[1, 1000]]),
    "mobilenet-v2": (3_504_872, 300_774_272, [[1, 1000]]),
    "inception-v4": (42_679_816, 12_253_974_624, [[1, 1000]]),
    "alexnet": (61_100_840, 714_188_480, [[1, 1000]]),
    "vgg16": (138_357_544, 15_470_264_320, [[1, 1000]]),
    "vgg19": (143_667_240, 19_632_062_464, [[1, 1000]]),
    "vgg-s-224": (102_908_520, 2_637_708_320, [[1, 1000]]),
    "vgg-s-32": (32_112_356, 110_317_696, [[1, 100]]),
    "ssd-mobilenet-v1": (6_819_839, 1_237_129_408, [[1, 1917, 4], [1, 1917, 91]]),
    "yolov3": (61_949_149, 32_932_037_632, [[1, 10_647, 85]]),
    "tinyyolo": (8_852_366, 2_782_480_896, [[1, 2535, 85]]),
    "c3d": (79_991_015, 38_548_959_232, [[1, 487]]),
    "efficientnet-lite0": (4_652_008, 385_187_552, [[1, 1000]]),
    "mobilenet-v3-small": (2_542_856, 56_510_400, [[1, 1000]]),
    "deit-tiny": (5_717_416, 1_253_683_200, [[1, 1000]]),
}
