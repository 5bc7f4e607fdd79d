"""python -m models.darknet NAME --out FOLDER

Converts /in/model.onnx (--onnx), checks the result against /in/reference.npz (--reference) and writes it with
`made.json` (docs/store.md, without hashes) into FOLDER.
"""

from importlib.metadata import version

from models import graph, report, task
from models.darknet.run import run_darknet
from models.darknet.to_darknet import to_darknet
from models.parity import parity


def main() -> None:
    """Make and check one model. Raises ParityError or Unsupported."""
    asked = task.read("darknet")
    target = asked.out / f"{asked.name}.darknet"
    to_darknet(graph.read(asked.model), target)
    figures = parity(asked.expected, run_darknet(target, asked.given), f"darknet {version('darknet')}")
    report.write(asked.out, artifacts=[report.artifact("darknet", target.name, ("onnx",), figures)])


main()
