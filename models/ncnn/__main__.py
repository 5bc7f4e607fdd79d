"""python -m models.ncnn NAME --out FOLDER --kind ncnn/fp32 [--kind …], and the options of models/task.py.

Converts an ONNX file, checks the results and writes them with `made.json` (docs/store.md, without hashes) into FOLDER.
"""

from importlib.metadata import version
from typing import Any

from models import report, task
from models.ncnn.run import run_ncnn
from models.ncnn.to_ncnn import to_ncnn


def main() -> None:
    """Make and check what is asked for."""
    asked = task.read("ncnn", ("ncnn/fp32", "ncnn/fp16"))

    def make(kind: str) -> dict[str, Any]:
        half = kind == "ncnn/fp16"
        target = asked.out / f"{asked.name}{'.fp16' if half else ''}.ncnn"
        to_ncnn(asked.model, asked.inputs, target, half=half)
        figures = asked.compare(run_ncnn(target, half=half), f"ncnn {version('ncnn')}")
        return report.artifact(kind, target.name, ("pnnx", "onnx"), figures)

    task.carry_out(asked, make)


main()
