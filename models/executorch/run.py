"""The outputs of what was exported, by ExecuTorch's runtime."""

from pathlib import Path

import numpy as np
import torch
from executorch.runtime import Runtime


def run_executorch(program: Path, given: np.ndarray) -> list[np.ndarray]:
    """All outputs, in the program's order."""
    method = Runtime.get().load_program(program).load_method("forward")
    return [each.numpy() for each in method.execute([torch.from_numpy(given)])]
