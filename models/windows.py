"""What a convolution or a pooling slides over a picture or a film, for frameworks that have no converter."""

from collections.abc import Sequence
from dataclasses import dataclass

from models.graph import Layer, Unsupported


@dataclass(frozen=True)
class Window:
    """One entry for each axis behind the channels, with the same padding at both of its ends."""

    size: tuple[int, ...]
    stride: tuple[int, ...]
    padding: tuple[int, ...]
    rounded_up: bool  # a pooling's last window may reach beyond the picture


@dataclass(frozen=True)
class Square:
    """A window over a picture that is the same along both axes."""

    size: int
    stride: int
    padding: int
    rounded_up: bool


def window(layer: Layer) -> Window:
    """The window of Conv, MaxPool and AveragePool. Raises Unsupported for one that is dilated or padded unevenly."""
    told = layer.attributes
    if told.get("auto_pad", b"NOTSET") != b"NOTSET" or set(told.get("dilations", [1])) != {1}:
        raise Unsupported(f"{layer.kind} at {layer.gives} that is dilated or padded automatically")
    size = tuple(told.get("kernel_shape") or layer.arrays[0].shape[2:])  # Conv need not say what its weights show
    axes = len(size)
    pads = told.get("pads", [0] * 2 * axes)
    if pads[:axes] != pads[axes:]:
        raise Unsupported(f"{layer.kind} at {layer.gives} with pads {list(pads)}")
    return Window(size, tuple(told.get("strides", [1] * axes)), tuple(pads[:axes]), bool(told.get("ceil_mode")))


def square(layer: Layer) -> Square:
    """The window as plain numbers. Raises Unsupported for one that is not square, and as window() does."""
    seen = window(layer)
    if len(seen.size) != 2:
        raise Unsupported(f"{layer.kind} at {layer.gives} over {len(seen.size)} axes")
    return Square(
        size=_only(layer, "kernel_shape", seen.size),
        stride=_only(layer, "strides", seen.stride),
        padding=_only(layer, "pads", seen.padding),
        rounded_up=seen.rounded_up,
    )


def keeps_size(layer: Layer) -> bool:
    """Whether it is the pooling of 2x2 pixels without a stride that is padded at the far ends alone."""
    told = layer.attributes
    wanted = {"kernel_shape": [2, 2], "strides": [1, 1], "pads": [0, 0, 1, 1]}
    return all(told.get(name) == value for name, value in wanted.items())


def _only(layer: Layer, name: str, values: Sequence[int]) -> int:
    """The one number that all entries of an attribute are."""
    if len(set(values)) != 1:
        raise Unsupported(f"{layer.kind} at {layer.gives} with {name} {list(values)}")
    return int(values[0])
