"""What steps that make one format from ONNX have in common: their command line, and what the result is tried with."""

import argparse
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx

from models import report
from models.inputs import picture

SEED = 0  # the input that the reference is the answer to


@dataclass(frozen=True)
class Task:
    """One model to convert: where it is, the input to try the result with (batch first) and the answers to it."""

    name: str
    model: Path
    given: np.ndarray
    expected: list[np.ndarray]
    out: Path


def read(kind: str) -> Task:
    """The task of the command line of the step that makes the format `kind`."""
    parser = argparse.ArgumentParser(prog=f"python -m models.{kind}", description=f"Convert an ONNX model to {kind}.")
    parser.add_argument("name")
    parser.add_argument("--onnx", type=Path, default=Path("/in/model.onnx"))
    parser.add_argument("--reference", type=Path, default=Path("/in/reference.npz"))
    parser.add_argument("--out", type=Path, required=True, metavar="FOLDER")
    parser.add_argument("--format", action="append", choices=(kind,), default=[], dest="formats")
    chosen = parser.parse_args()
    (taken,) = onnx.load(chosen.onnx, load_external_data=False).graph.input
    with np.load(chosen.reference, allow_pickle=False) as arrays:
        expected = [arrays[f"output_{place}"] for place in range(len(arrays.files))]
    given = picture(tuple(report.tensor(taken)["shape"]), SEED)
    return Task(chosen.name, chosen.onnx, given, expected, chosen.out)
