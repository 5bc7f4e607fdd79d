"""python -m models.ncnn NAME --out FOLDER

Converts /in/model.onnx (--onnx), checks the result against /in/reference.npz (--reference) and writes it with
`made.json` (docs/store.md, without hashes) into FOLDER.
"""

from importlib.metadata import version

from models import report, task
from models.ncnn.run import run_ncnn
from models.ncnn.to_ncnn import to_ncnn
from models.parity import parity


def main() -> None:
    """Make and check one model. Raises ParityError or ConversionError."""
    asked = task.read("ncnn")
    target = asked.out / f"{asked.name}.ncnn"
    to_ncnn(asked.model, asked.given.shape, target)
    figures = parity(asked.expected, run_ncnn(target, asked.given), f"ncnn {version('ncnn')}")
    report.write(asked.out, artifacts=[report.artifact("ncnn", target.name, ("pnnx", "onnx"), figures)])


main()
