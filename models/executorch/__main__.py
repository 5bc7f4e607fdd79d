"""python -m models.executorch NAME --out FOLDER --kind executorch/fp32 [--kind …], and the options of models/task.py.

Exports a `torch` artifact, checks the results and writes them with `made.json` (docs/store.md, without hashes).
"""

from importlib.metadata import version
from typing import Any

from models import report, task
from models.executorch.run import run_executorch
from models.executorch.to_executorch import to_executorch
from models.inputs import calibration

KINDS = ("executorch/fp32", "executorch/int8")


def main() -> None:
    """Make and check what is asked for."""
    asked = task.read("executorch", KINDS)

    def make(kind: str) -> dict[str, Any]:
        int8 = kind == "executorch/int8"
        target = asked.out / f"{asked.name}{'.int8' if int8 else ''}.pte"
        target.write_bytes(to_executorch(asked.model, asked.inputs, calibration(asked.inputs) if int8 else None))
        figures = asked.compare(run_executorch(target), f"executorch {version('executorch')}")
        makers = ("executorch", "torch", "torchao") if int8 else ("executorch", "torch")
        return report.artifact(kind, target.name, makers, figures)

    task.carry_out(asked, make)


main()
