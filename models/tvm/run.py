"""The outputs of what was compiled, by TVM's virtual machine, as the runner's adapter asks for them."""

from pathlib import Path

import numpy as np
import tvm
from tvm import relax

from models.reference import Run


def run_tvm(library: Path) -> Run:
    """All outputs, in the model's order."""
    machine = relax.VirtualMachine(tvm.runtime.load_module(str(library)), tvm.cpu())

    def run(given: list[np.ndarray]) -> list[np.ndarray]:
        answer = machine["main"](*map(tvm.runtime.tensor, given))
        return [each.numpy() for each in (answer if isinstance(answer, tvm.ir.Array | tuple | list) else [answer])]

    return run
