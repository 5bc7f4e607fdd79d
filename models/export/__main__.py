"""python -m models.export NAME --out FOLDER [--format onnx] [--format torch]

Writes the artifacts, `reference.npz` and `made.json` (docs/store.md, without hashes) into FOLDER.
"""

import argparse
import io
from importlib.metadata import version
from pathlib import Path

import numpy as np
import onnx

from models import catalog, report
from models.export.macs import count_macs
from models.export.to_onnx import run_onnx, to_onnx
from models.export.to_torch import build, outputs, run_torch, to_torch
from models.inputs import picture
from models.parity import parity, sensitivity
from models.seeding import seed_weights

SEED = 0


def export(entry: catalog.Network, out: Path, formats: list[str]) -> None:
    """Make everything of one network. Raises ParityError when an artifact does not compute what it should."""
    network = seed_weights(build(entry.program(), entry.name), entry.input)
    given = picture(entry.input, SEED)
    reference = outputs(network, given)
    (out / "reference.npz").write_bytes(_npz(reference))

    exported = to_onnx(network, given, len(reference))  # always made: the graph is what is counted
    artifacts = []
    if "onnx" in formats:
        (out / f"{entry.name}.onnx").write_bytes(exported)
        figures = parity(reference, run_onnx(exported, given), f"onnxruntime {version('onnxruntime')}")
        artifacts.append(report.artifact("onnx", f"{entry.name}.onnx", ("torch", "onnx"), figures))
    if "torch" in formats:
        packed = to_torch(entry.program(), network)
        (out / f"{entry.name}.zip").write_bytes(packed)
        figures = parity(reference, run_torch(packed, given), f"torch {version('torch')}")
        artifacts.append(report.artifact("torch", f"{entry.name}.zip", ("torch",), figures))

    graph = onnx.load_from_string(exported)
    report.write(
        out,
        params=sum(parameter.numel() for parameter in network.parameters()),
        macs=count_macs(graph),
        inputs=[report.tensor(value) for value in graph.graph.input],
        outputs=[report.tensor(value) for value in graph.graph.output],
        reference={"file": "reference.npz", "seed": SEED},
        sensitivity=sensitivity(lambda array: outputs(network, array), entry.input, SEED),
        artifacts=artifacts,
    )


def _npz(arrays: list[np.ndarray]) -> bytes:
    buffer = io.BytesIO()
    np.savez(buffer, **{f"output_{place}": array for place, array in enumerate(arrays)})
    return buffer.getvalue()


def main() -> None:
    """The command line."""
    entries = catalog.load()
    parser = argparse.ArgumentParser(prog="python -m models.export", description="Make a network's first artifacts.")
    parser.add_argument("name", choices=entries)
    parser.add_argument("--out", type=Path, required=True, metavar="FOLDER")
    parser.add_argument("--format", action="append", choices=("onnx", "torch"), default=[], dest="formats")
    chosen = parser.parse_args()
    export(entries[chosen.name], chosen.out, chosen.formats)


main()
