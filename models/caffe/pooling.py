"""Poolings in Caffe's words: it pools pictures alone, with the same padding at both ends, and counts it in a mean."""

import numpy as np
from caffe.proto.caffe_pb2 import LayerParameter, PoolingParameter

from models.caffe.description import Description
from models.graph import Layer, Unsupported
from models.windows import Window, keeps_size, window


def largest(made: Description, layer: Layer) -> None:
    """MaxPool over pictures and films."""
    if keeps_size(layer):
        _same_size(made, layer)
        return
    seen = window(layer)
    if len(seen.size) == 3:
        _film(made, layer, seen)
    else:
        _largest(made.add("Pooling", layer), seen)


def mean(made: Description, layer: Layer) -> None:
    """AveragePool. Where padding does not count, each mean is made larger by as much as padding made it smaller."""
    seen = window(layer)
    if len(seen.size) != 2 or seen.rounded_up:
        raise Unsupported(f"{layer.kind} over {len(seen.size)} axes, or rounded up ({layer.gives})")
    if layer.attributes.get("count_include_pad") or not any(seen.padding):
        pooled = made.add("Pooling", layer)
    else:
        pooled = made.step("Pooling", made.blobs[layer.takes[0]])
        counts = [_counted(*each) for each in zip(made.graph.shape(layer.takes[0])[2:], *_each(seen), strict=True)]
        factors = np.outer(*(size / count for size, count in zip(seen.size, counts, strict=True)))
        told = made.add("Scale", layer, factors, bottom=pooled.top).scale_param
        told.axis, told.num_axes = 2, 2
    pooled.pooling_param.pool = PoolingParameter.AVE
    _set(pooled.pooling_param, seen)


def overall_mean(made: Description, layer: Layer) -> None:
    """GlobalAveragePool."""
    told = made.add("Pooling", layer).pooling_param
    told.pool = PoolingParameter.AVE
    told.global_pooling = True


def _same_size(made: Description, layer: Layer) -> None:
    """Padded at the near ends, too, of which the first row and column are then cut off."""
    taken = made.blobs[layer.takes[0]]
    pooled = made.step("Pooling", taken)
    _largest(pooled, Window((2, 2), (1, 1), (1, 1), rounded_up=False))
    told = made.add("Crop", layer, bottom=[pooled.top[0], taken]).crop_param
    told.axis = 2
    told.offset.append(1)


def _film(made: Description, layer: Layer, seen: Window) -> None:
    """Within each frame first, then across frames: the largest of the largest."""
    batch, channels, frames, *picture = made.graph.shape(layer.takes[0])
    after = made.graph.shape(layer.gives)
    pictures = made.reshaped(made.blobs[layer.takes[0]], [batch, channels * frames, *picture])
    within = made.step("Pooling", pictures)
    _largest(within, Window(seen.size[1:], seen.stride[1:], seen.padding[1:], seen.rounded_up))
    rows = made.reshaped(within.top[0], [batch, channels, frames, after[3] * after[4]])
    across = made.step("Pooling", rows)
    _largest(across, Window((seen.size[0], 1), (seen.stride[0], 1), (seen.padding[0], 0), seen.rounded_up))
    made.add("Reshape", layer, bottom=across.top).reshape_param.shape.dim.extend(after)


def _largest(made: LayerParameter, seen: Window) -> None:
    made.pooling_param.pool = PoolingParameter.MAX
    _set(made.pooling_param, seen)
    made.pooling_param.ceil_mode = seen.rounded_up  # Caffe's own default, unlike everybody's


def _set(told: PoolingParameter, seen: Window) -> None:
    if len(seen.size) != 2:
        raise Unsupported(f"a pooling over {len(seen.size)} axes")
    told.kernel_h, told.kernel_w = seen.size
    told.stride_h, told.stride_w = seen.stride
    told.pad_h, told.pad_w = seen.padding


def _each(seen: Window) -> tuple[tuple[int, ...], ...]:
    return seen.size, seen.stride, seen.padding


def _counted(length: int, size: int, stride: int, padding: int) -> np.ndarray:
    """How many of a window's pixels lie in the picture, at each of its places along one axis."""
    starts = np.arange(-padding, length + padding - size + 1, stride)
    return np.minimum(starts + size, length) - np.maximum(starts, 0)
