"""python -m models.executorch NAME --out FOLDER

Exports the `torch` artifact /in/model.zip (--torch), checks the result against /in/reference.npz (--reference) and
writes it with `made.json` (docs/store.md, without hashes) into FOLDER.
"""

import argparse
from importlib.metadata import version
from pathlib import Path

import numpy as np

from models import catalog, report
from models.executorch.run import run_executorch
from models.executorch.to_executorch import to_executorch
from models.inputs import picture
from models.parity import parity

SEED = 0  # the input that the reference is the answer to
KIND = "executorch"


def make(name: str, artifact: Path, reference: Path, out: Path) -> None:
    """Make and check one model. Raises ParityError, or what the exporter raises."""
    given = picture(catalog.load()[name].input, SEED)
    with np.load(reference, allow_pickle=False) as arrays:
        expected = [arrays[f"output_{place}"] for place in range(len(arrays.files))]
    target = out / f"{name}.pte"
    target.write_bytes(to_executorch(artifact, given))
    figures = parity(expected, run_executorch(target, given), f"executorch {version('executorch')}")
    report.write(out, artifacts=[report.artifact(KIND, target.name, ("executorch", "torch"), figures)])


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(prog=f"python -m models.{KIND}", description="Export a network to ExecuTorch.")
    parser.add_argument("name")
    parser.add_argument("--torch", type=Path, default=Path("/in/model.zip"))
    parser.add_argument("--reference", type=Path, default=Path("/in/reference.npz"))
    parser.add_argument("--out", type=Path, required=True, metavar="FOLDER")
    parser.add_argument("--format", action="append", choices=(KIND,), default=[], dest="formats")
    chosen = parser.parse_args()
    make(chosen.name, chosen.torch, chosen.reference, chosen.out)


main()
