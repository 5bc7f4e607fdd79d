"""Caffe's list of layers as it comes to be. Where nobody needs what came before, an activation is computed in place."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from caffe.proto.caffe_pb2 import LayerParameter, NetParameter
from google.protobuf import text_format

from models.graph import Graph, Layer, Unsupported


class Description:
    """Layers with their weights, and which of their blobs holds which of the graph's activations."""

    def __init__(self, graph: Graph) -> None:
        if list(graph.outputs) != sorted(graph.outputs):
            raise Unsupported(f"Caffe gives its outputs by name, not in the order {', '.join(graph.outputs)}")
        if taken := [name for name in graph.outputs if graph.uses(name) > 1]:
            raise Unsupported(f"Caffe keeps no output that is also used ({taken[0]})")
        self.graph = graph
        self.net = NetParameter()
        self.blobs = {graph.input: graph.input}
        layer = self.net.layer.add(name=graph.input, type="Input", top=[graph.input])
        layer.input_param.shape.add(dim=graph.shape(graph.input))

    def add(
        self,
        kind: str,
        layer: Layer,
        *weights: np.ndarray,
        bottom: Sequence[str] | None = None,
        in_place: bool = False,
    ) -> LayerParameter:
        """The layer that gives what an operator does, of what the operator takes if no other blobs are named.

        Its own settings are still to come.
        """
        bottom = [self.blobs[taken] for taken in layer.takes] if bottom is None else bottom
        alone = in_place and self.graph.uses(layer.takes[0]) == 1 and layer.takes[0] != self.graph.input
        name = self._name(kind)
        top = layer.gives if layer.gives in self.graph.outputs else bottom[0] if alone else name
        self.blobs[layer.gives] = top
        return self._append(name, kind, bottom, top, weights)

    def step(self, kind: str, bottom: str, *weights: np.ndarray) -> LayerParameter:
        """One layer of several that make an operator, but for the last."""
        name = self._name(kind)
        return self._append(name, kind, [bottom], name, weights)

    def reshaped(self, bottom: str, shape: Sequence[int]) -> str:
        """The blob that holds another with this shape."""
        made = self.step("Reshape", bottom)
        made.reshape_param.shape.dim.extend(shape)
        return made.top[0]

    def write(self, target: Path) -> None:
        """Both files, into the new folder `target`."""
        target.mkdir()
        (target / "model.caffemodel").write_bytes(self.net.SerializeToString(deterministic=True))
        for each in self.net.layer:
            each.ClearField("blobs")
        (target / "model.prototxt").write_text(text_format.MessageToString(self.net), encoding="ascii")

    def _name(self, kind: str) -> str:
        return f"{kind.lower()}_{len(self.net.layer)}"

    def _append(
        self, name: str, kind: str, bottom: Sequence[str], top: str, weights: Sequence[np.ndarray]
    ) -> LayerParameter:
        made = self.net.layer.add(name=name, type=kind, bottom=bottom, top=[top])
        for array in weights:
            blob = made.blobs.add()
            blob.shape.dim.extend(array.shape)
            blob.data.extend(array.ravel().tolist())
        return made
