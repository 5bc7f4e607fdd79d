"""Which frameworks train as well as infer, by this project's names: the paper's general ones and their kin.

All others are made for deployment alone, which the paper calls edge-specific.
"""

_TRAINING = ("tensorflow", "keras", "pytorch", "caffe", "darknet")


def family(framework: str) -> str:
    """`pytorch` of `l4t-pytorch` and `pytorch-cuda`: the same framework for another device."""
    return framework.removeprefix("l4t-").removesuffix("-cuda")


def is_general(framework: str) -> bool:
    """Whether a framework trains as well."""
    return family(framework) in _TRAINING
