"""The outputs of what was converted, by ncnn in float32, as the runner's adapter asks for them."""

from pathlib import Path

import ncnn
import numpy as np

HALVES = ("use_fp16_packed", "use_fp16_storage", "use_fp16_arithmetic", "use_bf16_packed", "use_bf16_storage")


def run_ncnn(folder: Path, given: np.ndarray) -> list[np.ndarray]:
    """All outputs in the model's order, each with the axis of the batch, which ncnn has not."""
    network = ncnn.Net()
    for option in HALVES:
        setattr(network.opt, option, False)
    if network.load_param(str(folder / "model.param")) or network.load_model(str(folder / "model.bin")):
        raise OSError(f"ncnn could not load {folder}")
    extractor = network.create_extractor()
    extractor.input("in0", ncnn.Mat(given[0]))
    names = sorted(network.output_names(), key=lambda name: (len(name), name))  # out0, out1, ...
    return [np.array(extractor.extract(name)[1])[np.newaxis] for name in names]
