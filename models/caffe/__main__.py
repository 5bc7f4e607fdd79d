"""python -m models.caffe NAME --out FOLDER --kind caffe/fp32 [--kind …], and the options of models/task.py.

Translates an ONNX file, checks the result and writes it with `made.json` (docs/store.md, without hashes) into FOLDER.
"""

from importlib.metadata import version
from typing import Any

from models import graph, report, task
from models.caffe.run import run_caffe
from models.caffe.to_caffe import to_caffe


def main() -> None:
    """Make and check one model."""
    asked = task.read("caffe", ("caffe/fp32",))

    def make(kind: str) -> dict[str, Any]:
        target = asked.out / f"{asked.name}.caffe"
        to_caffe(graph.read(asked.model), target)
        figures = asked.compare(run_caffe(target), f"caffe {version('caffe')}")
        return report.artifact(kind, target.name, ("onnx", "protobuf"), figures)

    task.carry_out(asked, make)


main()
