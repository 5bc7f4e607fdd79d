"""python -m models.openvino NAME --out FOLDER --kind openvino/fp16 [--kind …], and the options of models/task.py.

Converts an ONNX file, checks the results and writes them with `made.json` (docs/store.md, without hashes) into FOLDER.
"""

from typing import Any

from models import report, task
from models.inputs import calibration
from models.openvino.to_ir import run_ir, to_ir, version

KINDS = ("openvino/fp32", "openvino/fp16", "openvino/int8")


def main() -> None:
    """Make and check what is asked for."""
    asked = task.read("openvino", KINDS)

    def make(kind: str) -> dict[str, Any]:
        precision = kind.split("/")[1]
        target = asked.out / f"{asked.name}.{precision}.openvino"
        to_ir(asked.model, target, precision, calibration(asked.inputs))
        figures = asked.compare(run_ir(target, precision), f"openvino {version()}")
        makers = ("openvino", "nncf") if precision == "int8" else ("openvino",)
        return report.artifact(kind, target.name, makers, figures)

    task.carry_out(asked, make)


main()
