"""The outputs of what was compiled, by TVM's virtual machine, as the runner's adapter asks for them."""

from pathlib import Path

import numpy as np
import tvm
from tvm import relax


def run_tvm(library: Path, given: np.ndarray) -> list[np.ndarray]:
    """All outputs, in the model's order."""
    machine = relax.VirtualMachine(tvm.runtime.load_module(str(library)), tvm.cpu())
    answer = machine["main"](tvm.runtime.tensor(given))
    return [each.numpy() for each in (answer if isinstance(answer, tvm.ir.Array | tuple | list) else [answer])]
