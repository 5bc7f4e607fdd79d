"""python -m models.tvm NAME --out FOLDER

Compiles /in/model.onnx (--onnx) for every machine that it can be linked for, checks this machine's result against
/in/reference.npz (--reference) and writes the folder with `made.json` (docs/store.md, without hashes) into FOLDER.
"""

import platform
from importlib.metadata import version

from models import report, task
from models.parity import parity
from models.tvm.link import find_linkers
from models.tvm.run import run_tvm
from models.tvm.to_tvm import TARGETS, to_tvm
from models.tvm.tune import TRIALS


def main() -> None:
    """Make and check one model. Raises ParityError, LinkError, or what TVM raises."""
    asked = task.read("tvm")
    folder = asked.out / f"{asked.name}.tvm"
    here = platform.machine()
    linkers = find_linkers(TARGETS, here)
    to_tvm(asked.model, folder, linkers, here)
    figures = parity(asked.expected, run_tvm(folder / f"{here}.so", asked.given), f"apache-tvm {version('apache-tvm')}")
    made = report.artifact("tvm", folder.name, ("apache-tvm", "apache-tvm-ffi", "onnx"), figures)
    for machine in linkers:
        how = f"at most {TRIALS} trials an operator" if machine == here else "not tuned"
        made["made_by"][machine] = f"{TARGETS[machine]['mcpu']}, {how}"
    report.write(asked.out, artifacts=[made])


main()
