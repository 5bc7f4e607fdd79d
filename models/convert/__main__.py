"""python -m models.convert NAME --out FOLDER [--format savedmodel] [--format tflite]

Converts /in/model.onnx (--onnx), checks the result against /in/reference.npz (--reference) and writes it with
`made.json` (docs/store.md, without hashes) into FOLDER.
"""

import argparse
import tempfile
from importlib.metadata import version
from pathlib import Path

import numpy as np
import onnx

from models import report
from models.convert.run import run_savedmodel, run_tflite
from models.convert.to_tensorflow import to_savedmodel, to_tflite, translate
from models.inputs import picture
from models.parity import parity

SEED = 0  # the input that the reference is the answer to
MAKERS = ("onnx2tf", "tensorflow", "onnx")


def make(name: str, model: Path, reference: Path, out: Path, formats: list[str]) -> None:
    """Make and check what is asked for. Raises ParityError, or whatever the converter raises."""
    (taken,) = onnx.load(model, load_external_data=False).graph.input
    shape = report.tensor(taken)["shape"]
    axes = channels_last(len(shape))
    given = np.ascontiguousarray(picture(tuple(shape), SEED).transpose(axes))
    with np.load(reference, allow_pickle=False) as arrays:
        expected = [arrays[f"output_{place}"] for place in range(len(arrays.files))]

    checked_with = f"tensorflow {version('tensorflow')}"
    artifacts = []
    with tempfile.TemporaryDirectory(dir=out) as scratch:
        saved = Path(scratch) / "savedmodel"
        to_savedmodel(translate(model, Path(scratch)), saved)
        if "tflite" in formats:
            target = out / f"{name}.tflite"
            target.write_bytes(to_tflite(saved))
            figures = parity(expected, run_tflite(target, given), checked_with)
            artifacts.append(report.artifact("tflite", target.name, MAKERS, figures, axes))
        if "savedmodel" in formats:
            target = saved.rename(out / f"{name}.savedmodel")
            figures = parity(expected, run_savedmodel(target, given), checked_with)
            artifacts.append(report.artifact("savedmodel", target.name, MAKERS, figures, axes))
    report.write(out, artifacts=artifacts)


def channels_last(rank: int) -> list[int]:
    """The transposition that onnx2tf gives an input of this rank: NCHW → NHWC, and alike; none below three axes."""
    return [0, *range(2, rank), 1] if rank > 2 else list(range(rank))


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m models.convert", description="Convert a model for TensorFlow.")
    parser.add_argument("name")
    parser.add_argument("--onnx", type=Path, default=Path("/in/model.onnx"))
    parser.add_argument("--reference", type=Path, default=Path("/in/reference.npz"))
    parser.add_argument("--out", type=Path, required=True, metavar="FOLDER")
    parser.add_argument("--format", action="append", choices=("savedmodel", "tflite"), default=[], dest="formats")
    chosen = parser.parse_args()
    make(chosen.name, chosen.onnx, chosen.reference, chosen.out, chosen.formats)


main()
