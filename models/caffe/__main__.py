"""python -m models.caffe NAME --out FOLDER

Converts /in/model.onnx (--onnx), checks the result against /in/reference.npz (--reference) and writes it with
`made.json` (docs/store.md, without hashes) into FOLDER.
"""

from importlib.metadata import version

from models import graph, report, task
from models.caffe.run import run_caffe
from models.caffe.to_caffe import to_caffe
from models.parity import parity


def main() -> None:
    """Make and check one model. Raises ParityError or Unsupported."""
    asked = task.read("caffe")
    target = asked.out / f"{asked.name}.caffe"
    to_caffe(graph.read(asked.model), target)
    figures = parity(asked.expected, run_caffe(target, asked.given), f"caffe {version('caffe')}")
    report.write(asked.out, artifacts=[report.artifact("caffe", target.name, ("onnx", "protobuf"), figures)])


main()
