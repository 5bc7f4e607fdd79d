"""python -m models.onnxruntime NAME --out FOLDER --kind onnx/int8 [--kind …], and the options of models/task.py.

Quantizes an ONNX file, checks the result and writes it with `made.json` (docs/store.md, without hashes) into FOLDER.
"""

from importlib.metadata import version
from typing import Any

import onnxruntime

from models import report, task
from models.inputs import calibration
from models.onnxruntime.quantize import quantize


def main() -> None:
    """Make and check one model."""
    asked = task.read("onnxruntime", ("onnx/int8",))

    def make(kind: str) -> dict[str, Any]:
        target = asked.out / f"{asked.name}.int8.onnx"
        quantize(asked.model, target, [described["name"] for described in asked.inputs], calibration(asked.inputs))
        session = onnxruntime.InferenceSession(str(target), providers=["CPUExecutionProvider"])
        names = [each.name for each in session.get_inputs()]
        figures = asked.compare(
            lambda given: session.run(None, dict(zip(names, given, strict=True))),
            f"onnxruntime {version('onnxruntime')}",
        )
        return report.artifact(kind, target.name, ("onnxruntime", "onnx"), figures)

    task.carry_out(asked, make)


main()
