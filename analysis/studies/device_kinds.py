"""Which frameworks can train as well as infer, by this project's names.

The paper calls these general. It calls all others, which only deploy a trained network, edge-specific.
"""

_TRAINING = ("tensorflow", "keras", "pytorch", "caffe", "darknet")


def family(framework: str) -> str:
    """Return the framework's name without its device: `pytorch` for `l4t-pytorch` and `pytorch-cuda`."""
    return framework.removeprefix("l4t-").removesuffix("-cuda")


def is_general(framework: str) -> bool:
    """Whether a framework can also train networks."""
    return family(framework) in _TRAINING
