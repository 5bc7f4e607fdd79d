"""python -m models.darknet NAME --out FOLDER --kind darknet/fp32 [--kind …], and the options of models/task.py.

Translates an ONNX file, checks the result and writes it with `made.json` (docs/store.md, without hashes) into FOLDER.
"""

from importlib.metadata import version
from typing import Any

from models import graph, report, task
from models.darknet.run import run_darknet
from models.darknet.to_darknet import to_darknet


def main() -> None:
    """Make and check one model."""
    asked = task.read("darknet", ("darknet/fp32",))

    def make(kind: str) -> dict[str, Any]:
        target = asked.out / f"{asked.name}.darknet"
        to_darknet(graph.read(asked.model), target)
        figures = asked.compare(run_darknet(target), f"darknet {version('darknet')}")
        return report.artifact(kind, target.name, ("onnx",), figures)

    task.carry_out(asked, make)


main()
