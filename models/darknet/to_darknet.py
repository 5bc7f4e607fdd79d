"""ONNX as DarkNet reads it: a folder with `model.cfg` (the layers, as text) and `model.weights` (float32).

A layer takes what the layer before it gives. What comes from elsewhere is fetched with a [route]; a [shortcut] adds the
layer before it to another. An activation is part of the layer that it follows. YOLO's rows of anchors are a picture
with its channels last ([reorg] with `flatten`), and a [route] puts those of several resolutions behind each other. All
answers are flat to DarkNet: the first line, a comment to it, says which shape the one output has.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from models.graph import Graph, Layer, Unsupported, repeats, weights_and_bias
from models.windows import keeps_size, square

# Version 0.2.0 of the file, as DarkNet's own programs of 2018 write it, and how many pictures it was trained with.
HEADER = np.array([0, 2, 0], "<i4").tobytes() + np.array([0], "<u8").tobytes()
WITH_ACTIVATION = ("convolutional", "connected", "shortcut")

Options = dict[str, object]


class Description:
    """Sections and weights as they come to be, and which section gives which activation."""

    def __init__(self, graph: Graph) -> None:
        batch, channels, height, width = graph.shape(graph.input)
        self.graph = graph
        self.sections: list[tuple[str, Options]] = []
        self.weights: list[np.ndarray] = []
        self.places = {graph.input: -1}
        self.rows: set[str] = set()  # activations that are no pictures any more: channels last, one after another
        self.net: Options = {"batch": batch, "channels": channels, "height": height, "width": width}

    @property
    def last(self) -> int:
        """The place of the last section; -1 is the input."""
        return len(self.sections) - 1

    def add(self, kind: str, layer: Layer, options: Options, *weights: np.ndarray) -> None:
        """A section that takes what the last one gives."""
        self.sections.append((kind, {**options, **({"activation": "linear"} if kind in WITH_ACTIVATION else {})}))
        self.weights += weights
        self.places[layer.gives] = self.last

    def go_to(self, name: str) -> None:
        """See to it that the last section gives this activation."""
        if self.places[name] != self.last:
            self.sections.append(("route", {"layers": self.routed([name])}))

    def routed(self, names: Sequence[str]) -> str:
        """Which sections a [route] takes to give these activations. Raises Unsupported for the network's input."""
        places = [self.places[name] for name in names]
        if min(places) < 0:
            raise Unsupported("DarkNet cannot go back to the network's input")
        return ",".join(map(str, places))

    def text(self) -> str:
        """The file."""
        shape = " ".join(map(str, self.graph.shapes.get(self.graph.outputs[0], ())))
        sections = [_section(kind, options) for kind, options in [("net", self.net), *self.sections]]
        return "\n".join([f"# output {shape}\n", *sections] if shape else sections)


def to_darknet(graph: Graph, target: Path) -> None:
    """Write a graph into the new folder `target`. Raises Unsupported."""
    if len(graph.shape(graph.input)) != 4:
        raise Unsupported(f"DarkNet takes pictures, not an input of {len(graph.shape(graph.input))} axes")
    if len(graph.outputs) != 1:
        raise Unsupported(f"DarkNet gives one output, not {len(graph.outputs)}")
    made = Description(graph)
    for layer in graph.layers:
        if layer.kind not in RULES:
            raise Unsupported(f"DarkNet has no {layer.kind} ({layer.gives})")
        if layer.kind not in OF_ROWS and not made.rows.isdisjoint(layer.takes):
            raise Unsupported(f"{layer.kind} of what is no picture any more ({layer.gives})")
        RULES[layer.kind](made, layer)
    made.go_to(graph.outputs[0])
    target.mkdir()
    (target / "model.cfg").write_text(made.text(), encoding="ascii")
    (target / "model.weights").write_bytes(HEADER + b"".join(array.astype("<f4").tobytes() for array in made.weights))


def _convolution(made: Description, layer: Layer) -> None:
    seen = square(layer)
    weights, bias = weights_and_bias(layer)
    made.go_to(layer.takes[0])
    stride = seen.stride
    if seen.size == 1 and stride > 1:
        # DarkNet forgets the stride of a 1x1 convolution when it computes one (its output has the right size, of the
        # wrong pixels): a pooling of 1x1 leaves out first what is not looked at.
        made.sections.append(("maxpool", {"size": 1, "stride": stride, "padding": 0}))
        stride = 1
    options = {"filters": len(bias), "size": seen.size, "stride": stride, "padding": seen.padding}
    made.add("convolutional", layer, {**options, "groups": layer.attributes.get("group", 1)}, bias, weights)


def _connected(made: Description, layer: Layer) -> None:
    weights, bias = weights_and_bias(layer)
    made.go_to(layer.takes[0])
    made.add("connected", layer, {"output": len(bias)}, bias, weights)


def _largest(made: Description, layer: Layer) -> None:
    far = keeps_size(layer)
    seen = square(replace(layer, attributes={**layer.attributes, "pads": [0] * 4}) if far else layer)
    if seen.rounded_up:
        raise Unsupported(f"DarkNet does not round up, as {layer.kind} at {layer.gives} does")
    made.go_to(layer.takes[0])
    # Of both sides together, and the near one gets the smaller half.
    made.add("maxpool", layer, {"size": seen.size, "stride": seen.stride, "padding": 1 if far else 2 * seen.padding})


def _average(made: Description, layer: Layer) -> None:
    made.go_to(layer.takes[0])
    made.add("avgpool", layer, {})


def _normalisation(_: Description, layer: Layer) -> None:
    # It forgets the square of channel size / 2: missing from the sums of the channels before, and taken off again
    # behind them. Channels of zeros before the others would mend it, and be more work than the network's.
    raise Unsupported(f"DarkNet's local response normalisation forgets one channel's square ({layer.gives})")


def _sum(made: Description, layer: Layer) -> None:
    if len(layer.takes) != 2:
        raise Unsupported(f"an addition of a constant ({layer.gives})")
    here, there = sorted(layer.takes, key=lambda name: made.places[name], reverse=True)
    made.go_to(here)
    made.add("shortcut", layer, {"from": made.places[there]})


def _relu(made: Description, layer: Layer) -> None:
    _activate(made, layer, "relu")


def _leaky(made: Description, layer: Layer) -> None:
    slope = layer.attributes.get("alpha", 0.01)
    if abs(slope - 0.1) > 1e-6:
        raise Unsupported(f"LeakyRelu with a slope of {slope:g}: DarkNet's is 0.1 ({layer.gives})")
    _activate(made, layer, "leaky")


def _activate(made: Description, layer: Layer, name: str) -> None:
    (taken,) = layer.takes
    place = made.places[taken]
    kind, options = made.sections[place] if place >= 0 else ("net", made.net)
    if kind in WITH_ACTIVATION and made.graph.uses(taken) == 1:
        options["activation"] = name
        made.places[layer.gives] = place
    else:  # what is also used without it
        made.go_to(taken)
        made.add("activation", layer, {"activation": name})


def _enlarged(made: Description, layer: Layer) -> None:
    stride = repeats(layer)
    made.go_to(layer.takes[0])
    made.add("upsample", layer, {"stride": stride})


def _joined(made: Description, layer: Layer) -> None:
    rows = [name in made.rows for name in layer.takes]
    if layer.attributes["axis"] != 1 or layer.arrays or len(set(rows)) != 1:
        raise Unsupported(f"Concat that is not of channels, nor of rows ({layer.gives})")
    made.add("route", layer, {"layers": made.routed(layer.takes)})
    if rows[0]:
        made.rows.add(layer.gives)


def _channels_last(made: Description, layer: Layer) -> None:
    if layer.attributes.get("perm") != [0, 2, 3, 1] or not made.rows.isdisjoint(layer.takes):
        raise Unsupported(f"Transpose by {layer.attributes.get('perm')} ({layer.gives})")
    made.go_to(layer.takes[0])
    made.add("reorg", layer, {"stride": 1, "flatten": 1})
    made.rows.add(layer.gives)


def _reshaped(made: Description, layer: Layer) -> None:
    """Of rows: they lie as they lay."""
    (taken,) = layer.takes
    if taken not in made.rows or [array.size for array in layer.arrays] != [3]:
        raise Unsupported(f"Reshape of a picture ({layer.gives})")
    made.places[layer.gives] = made.places[taken]
    made.rows.add(layer.gives)


def _section(kind: str, options: Options) -> str:
    return "".join([f"[{kind}]\n", *(f"{name}={value}\n" for name, value in options.items())])


RULES: dict[str, Callable[[Description, Layer], None]] = {
    "Add": _sum,
    "Concat": _joined,
    "Conv": _convolution,
    "Gemm": _connected,
    "GlobalAveragePool": _average,
    "LRN": _normalisation,
    "LeakyRelu": _leaky,
    "MaxPool": _largest,
    "Relu": _relu,
    "Reshape": _reshaped,
    "Resize": _enlarged,
    "Transpose": _channels_last,
}
OF_ROWS = ("Concat", "Reshape")
