"""The outputs of what was converted, by ncnn, as the runner's adapter asks for them."""

from pathlib import Path

import ncnn
import numpy as np

from models.reference import Run

HALVES = ("use_fp16_packed", "use_fp16_storage", "use_fp16_arithmetic", "use_bf16_packed", "use_bf16_storage")


def run_ncnn(folder: Path, *, half: bool) -> Run:
    """All outputs in the model's order, each with the axis of the batch, which ncnn has not."""
    network = ncnn.Net()
    if not half:
        for option in HALVES:
            setattr(network.opt, option, False)
    if network.load_param(str(folder / "model.param")) or network.load_model(str(folder / "model.bin")):
        raise OSError(f"ncnn could not load {folder}")
    into, out_of = _in_order(network.input_names()), _in_order(network.output_names())

    def run(given: list[np.ndarray]) -> list[np.ndarray]:
        extractor = network.create_extractor()
        kept = [ncnn.Mat(each[0]) for each in given]
        for name, each in zip(into, kept, strict=True):
            extractor.input(name, each)
        return [np.array(extractor.extract(name)[1])[np.newaxis] for name in out_of]

    return run


def _in_order(names: list[str]) -> list[str]:
    """`in0`, `in1`, ... as pnnx numbers them."""
    return sorted(names, key=lambda name: (len(name), name))
