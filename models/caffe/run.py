"""The outputs of what was written, by Caffe itself, called as the runner's adapter calls it."""

from pathlib import Path

import caffe
import numpy as np

from models.reference import Run


def run_caffe(folder: Path) -> Run:
    """All outputs, in the order of the network's own list."""
    caffe.set_mode_cpu()
    network = caffe.Net(str(folder / "model.prototxt"), caffe.TEST, weights=str(folder / "model.caffemodel"))
    (taken,) = network.inputs

    def run(given: list[np.ndarray]) -> list[np.ndarray]:
        network.blobs[taken].data[...] = given[0]
        network.forward()
        return [network.blobs[name].data.copy() for name in network.outputs]

    return run
