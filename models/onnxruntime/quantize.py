"""A float32 ONNX file in int8, in ONNX's own words for that (QuantizeLinear and DequantizeLinear around operators)."""

import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static
from onnxruntime.quantization.shape_inference import quant_pre_process


class _Reader(CalibrationDataReader):
    """Inputs by name, one set after the other."""

    def __init__(self, names: Sequence[str], given: Iterator[list[np.ndarray]]) -> None:
        self.sets = (dict(zip(names, arrays, strict=True)) for arrays in given)

    def get_next(self) -> dict[str, np.ndarray] | None:
        return next(self.sets, None)


def quantize(model: Path, target: Path, names: Sequence[str], calibration: Iterator[list[np.ndarray]]) -> None:
    """Write the file: int8 activations, int8 weights with a scale for each channel, which ONNX Runtime advises.

    The ranges of activations are the smallest and largest values that the calibrating inputs led to.
    """
    with tempfile.TemporaryDirectory(dir=target.parent) as scratch:
        prepared = Path(scratch) / "prepared.onnx"  # shapes inferred, batch norms folded
        quant_pre_process(str(model), str(prepared), skip_symbolic_shape=True)
        quantize_static(
            str(prepared),
            str(target),
            _Reader(names, calibration),
            quant_format=QuantFormat.QDQ,
            per_channel=True,
            activation_type=QuantType.QInt8,
            weight_type=QuantType.QInt8,
        )
