"""The native arm: the same locked packages and the same runner, installed on the host."""

from pathlib import Path

from bench.arms import process
from bench.arms.launch import RUNNER, Outcome, Spec
from bench.core.matrix.schema import Matrix
from bench.core.paths import PROJECT
from bench.images.local import lock_file, native_platform
from bench.images.venvs import ensure_venv


class NativeArm:
    """Launches the runner from a virtual environment with the packages of the image's lock file."""

    name = "native"

    def __init__(self, matrix: Matrix) -> None:
        self.matrix = matrix
        self.pythons: dict[str, Path] = {}

    def prepare(self, framework: str) -> None:
        """Install the virtual environment if it is missing. Raises HostError with pip's message."""
        entry = self.matrix.frameworks[framework]
        lock = lock_file(framework, native_platform())
        self.pythons[framework] = ensure_venv(lock, entry.python, [PROJECT / "runner"])

    def launch(self, spec: Spec) -> Outcome:
        """Run one process on the bare host."""
        return process.run([str(self.pythons[spec.framework]), *RUNNER, str(spec.request)], spec)
