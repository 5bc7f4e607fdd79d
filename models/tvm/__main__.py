"""python -m models.tvm NAME --out FOLDER --kind tvm/fp32 [--kind …], and the options of models/task.py.

Compiles an ONNX file for every machine that it can be linked for, checks this machine's result and writes the folder
with `made.json` (docs/store.md, without hashes) into FOLDER.
"""

import platform
from importlib.metadata import version
from typing import Any

from models import report, task
from models.tvm.link import find_linkers
from models.tvm.run import run_tvm
from models.tvm.to_tvm import TARGETS, to_tvm
from models.tvm.tune import TRIALS


def main() -> None:
    """Make and check one model."""
    asked = task.read("tvm", ("tvm/fp32",))

    def make(kind: str) -> dict[str, Any]:
        folder = asked.out / f"{asked.name}.tvm"
        here = platform.machine()
        linkers = find_linkers(TARGETS, here)
        to_tvm(asked.model, folder, linkers, here)
        figures = asked.compare(run_tvm(folder / f"{here}.so"), f"apache-tvm {version('apache-tvm')}")
        how = {
            machine: f"{TARGETS[machine]['mcpu']}, "
            + (f"at most {TRIALS} trials an operator" if machine == here else "not tuned")
            for machine in linkers
        }
        return report.artifact(kind, folder.name, ("apache-tvm", "apache-tvm-ffi", "onnx"), figures, **how)

    task.carry_out(asked, make)


main()
