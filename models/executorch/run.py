"""The outputs of what was exported, by ExecuTorch's runtime."""

from pathlib import Path

import numpy as np
import torch
from executorch.runtime import Runtime

from models.reference import Run


def run_executorch(program: Path) -> Run:
    """All outputs, in the program's order."""
    method = Runtime.get().load_program(program).load_method("forward")

    def run(given: list[np.ndarray]) -> list[np.ndarray]:
        return [each.numpy().copy() for each in method.execute(list(map(torch.from_numpy, given)))]

    return run
