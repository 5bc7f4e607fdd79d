"""docs/adding-a-framework.md, followed to the letter: a framework that is added by its three steps is measured."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import docker
import pytest
import yaml

from bench.core.paths import PROJECT
from bench.images.local import native_platform

pytestmark = pytest.mark.engine

PARTS = ("analysis", "bench", "images", "models", "runner", "setup", "matrix.yaml", "pyproject.toml")
NEW = "newcomer"


@pytest.fixture
def project(tmp_path: Path, made: docker.DockerClient) -> Iterator[Path]:
    """A copy of the project to change, and the image that it makes removed."""
    for part in PARTS:
        source = PROJECT / part
        copy = shutil.copytree if source.is_dir() else shutil.copy
        copy(source, tmp_path / part)
    yield tmp_path
    made.images.remove(f"edgebench/{NEW}:{native_platform()}", force=True)


def test_a_framework_is_added_in_three_places(project: Path) -> None:
    # 1. An image. ONNX Runtime once more, so that nothing new has to be downloaded.
    shutil.copytree(project / "images" / "onnxruntime", project / "images" / NEW)
    # 2. An adapter.
    adapters = project / "runner" / "adapters"
    shutil.copy(adapters / "onnxruntime.py", adapters / f"{NEW}.py")
    # 3. An entry.
    matrix = yaml.safe_load((project / "matrix.yaml").read_text())
    matrix["frameworks"][NEW] = {
        "title": "Newcomer", "format": "onnx", "precisions": ["fp32"], "platforms": {native_platform(): "declared"},
    }  # fmt: skip
    (project / "matrix.yaml").write_text(yaml.safe_dump(matrix))

    def bench(*words: str) -> str:
        # Found in the copy because `-m` looks where it is called first.
        done = subprocess.run([sys.executable, "-m", "bench.cli.app", *words], cwd=project, env=os.environ,
                              capture_output=True, text=True, timeout=300)  # fmt: skip
        assert done.returncode == 0, done.stderr
        return done.stdout

    bench("images", "build", NEW)
    bench("matrix", "run", "--framework", NEW, "--model", "cifarnet", "--profile", "demo", "--blocks", "2", "--quiet")
    (cell,) = json.loads(bench("report", "latest", "--json"))["cells"]
    assert cell["framework"] == NEW
    assert cell["status"] == "ok"
    assert all(ratio["comparable"] for ratio in cell["ratios"].values())
