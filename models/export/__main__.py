"""python -m models.export NAME --out FOLDER --kind onnx/fp32 [--kind torch/fp32]

Writes the artifacts, `reference.npz` and `made.json` (docs/store.md, without hashes) into FOLDER.
"""

import argparse
from importlib.metadata import version
from pathlib import Path

import onnx

from models import catalog, reference, report
from models.export.macs import count_macs
from models.export.to_onnx import run_onnx, to_onnx
from models.export.to_torch import build, outputs, run_torch, to_torch
from models.inputs import SEEDS, make
from models.parity import measure, sensitivity
from models.seeding import seed_weights

KINDS = ("onnx/fp32", "torch/fp32")


def export(entry: catalog.Network, out: Path, kinds: list[str]) -> None:
    """Make everything of one network. Raises ParityError when an artifact computes what cannot be compared."""
    network = seed_weights(build(entry.program(), entry.name), entry.input)
    inputs = [{"name": "input", "shape": list(entry.input), "dtype": "float32"}]
    answers = reference.answers(lambda given: outputs(network, given), lambda seed: make(inputs, seed))
    (out / "reference.npz").write_bytes(reference.pack(answers))

    exported = to_onnx(network, make(inputs, 0)[0], len(answers[0]))  # always made: the graph is what is counted
    artifacts = []
    if "onnx/fp32" in kinds:
        (out / f"{entry.name}.onnx").write_bytes(exported)
        figures = measure(run_onnx(exported), inputs, answers[:1], f"onnxruntime {version('onnxruntime')}")
        artifacts.append(report.artifact("onnx/fp32", f"{entry.name}.onnx", ("torch", "onnx"), figures))
    if "torch/fp32" in kinds:
        packed = to_torch(entry.program(), network)
        (out / f"{entry.name}.zip").write_bytes(packed)
        figures = measure(run_torch(packed), inputs, answers[:1], f"torch {version('torch')}")
        artifacts.append(report.artifact("torch/fp32", f"{entry.name}.zip", ("torch",), figures))

    graph = onnx.load_from_string(exported)
    report.write(
        out,
        params=sum(parameter.numel() for parameter in network.parameters()),
        macs=count_macs(graph),
        inputs=[report.tensor(value) for value in graph.graph.input],
        outputs=[report.tensor(value) for value in graph.graph.output],
        reference={"file": "reference.npz", "seeds": list(SEEDS), "by": f"torch {version('torch')}"},
        sensitivity=sensitivity(lambda given: outputs(network, given), inputs),
        artifacts=artifacts,
    )


def main() -> None:
    """The command line."""
    entries = catalog.load()
    parser = argparse.ArgumentParser(prog="python -m models.export", description="Make a network's first artifacts.")
    parser.add_argument("name", choices=entries)
    parser.add_argument("--out", type=Path, required=True, metavar="FOLDER")
    parser.add_argument("--kind", action="append", choices=KINDS, default=[], dest="kinds")
    chosen = parser.parse_args()
    export(entries[chosen.name], chosen.out, chosen.kinds)


main()
