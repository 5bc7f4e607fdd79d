"""The private engine's store is a cache: it outlives the engine, and is made anew when the disk lost a part of it."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from bench.core.paths import PROJECT
from tests.support.registry import ROOT, program

pytestmark = pytest.mark.engine


@pytest.fixture
def cache() -> Iterator[Path]:
    """A cache with the private engine's programs in it and no engine yet; it is gone afterwards."""
    if os.getuid() != 0:
        pytest.skip("only root may start an engine")
    program("dockerd")
    if not ROOT.exists():
        pytest.skip("the programs of a private engine are not unpacked here: setup/engine found the user's own")
    folder = Path(tempfile.mkdtemp(prefix="edgebench-", dir="/var/tmp"))  # the path of a socket must be short
    (folder / "engine").mkdir()
    (folder / "engine" / "root").symlink_to(ROOT)
    yield folder
    setup(folder, "engine", "down")
    shutil.rmtree(folder)


def setup(cache: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run a program of setup/ with that cache, where no other engine answers."""
    environ = {**os.environ, "EDGEBENCH_CACHE": str(cache), "DOCKER_HOST": f"unix://{cache}/absent"}
    environ.pop("DOCKER_CONFIG", None)
    command = [str(PROJECT / "setup" / words[0]), *words[1:]]
    return subprocess.run(command, env=environ, capture_output=True, text=True, timeout=300)


def images(cache: Path) -> str:
    """The images that the engine has."""
    return setup(cache, "env", "docker", "images", "--quiet", "--no-trunc").stdout.strip()


def test_a_store_that_lost_a_file_is_made_anew(cache, tmp_path):
    assert setup(cache, "engine", "up").returncode == 0
    (tmp_path / "file").write_text("anything")
    subprocess.run(["tar", "-C", tmp_path, "-cf", tmp_path / "root.tar", "file"], check=True)
    image = setup(cache, "env", "docker", "import", str(tmp_path / "root.tar"), "kept:1").stdout.strip()
    assert image.startswith("sha256:")

    assert setup(cache, "engine", "down").returncode == 0
    again = setup(cache, "engine", "up")
    assert "lost" not in again.stderr
    assert images(cache) == image, "what was there is there again"

    assert setup(cache, "engine", "down").returncode == 0
    (lost,) = cache.glob(f"engine/data/containerd/daemon/*.content.v1.content/blobs/sha256/{image[7:]}")
    lost.unlink()
    mended = setup(cache, "engine", "up")
    assert mended.returncode == 0
    assert "has lost bytes" in mended.stderr
    assert images(cache) == ""
