"""The rootfs arm: the image's file system by chroot, without cgroup limits, seccomp, network and pid namespaces.

It has a private mount namespace, because its mounts vanish with its last process, however that ends.
"""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path

import docker

from bench.arms import process
from bench.arms.launch import RUNNER, Outcome, Spec
from bench.core.errors import HostError
from bench.core.paths import cache
from bench.images.engine import ENGINE_GONE, LABEL, files_digest, gone, remove
from bench.images.local import Locate

PYTHON = "/opt/venv/bin/python"  # inside the image
ENTER = Path(__file__).with_name("enter_rootfs.sh")


class RootfsArm:
    """Launches the runner inside the unpacked image."""

    name = "rootfs"

    def __init__(self, engine: docker.DockerClient, locate: Locate) -> None:
        self.engine = engine
        self.locate = locate
        self.roots: dict[str, Path] = {}

    def prepare(self, framework: str) -> None:
        """Unpack the image, unless its layers were unpacked before. Raises HostError: no image, or the disk is full."""
        root = unpack_image(self.engine, self.locate(framework).image_id)
        _try(root)
        self.roots[framework] = root

    def launch(self, spec: Spec) -> Outcome:
        """Run one process in the unpacked image."""
        entered = _enter(self.roots[spec.framework], [*spec.mounts, *map(Path, spec.grant.files)])
        return process.run([*entered, PYTHON, *RUNNER, str(spec.request)], spec)


def unpack_image(engine: docker.DockerClient, image_id: str) -> Path:
    """The folder with an image's files. Unpacks them if that was not done before."""
    root = cache() / "rootfs" / files_digest(engine.images.get(image_id))
    if not root.is_dir():
        _unpack(engine, image_id, root)
    return root


def _enter(root: Path, mounts: Sequence[Path]) -> list[str]:
    """The command that runs the command after it inside the unpacked image."""
    namespace = ["unshare", "--mount", "--propagation", "private"]
    if os.getuid() != 0:
        namespace.append("--map-root-user")
    return [*namespace, "sh", str(ENTER), str(root), *map(str, mounts), "--"]


def _try(root: Path) -> None:
    """Enter once before anything is timed: some kernels and containers do not allow mounts. Raises HostError."""
    done = subprocess.run([*_enter(root, []), PYTHON, "-c", ""], capture_output=True, text=True)
    if done.returncode:
        said = " ".join(done.stderr.split())[-300:]
        raise HostError(f"the rootfs arm cannot enter {root}: {said}", "leave it out: --arms container,native")


def _unpack(engine: docker.DockerClient, image_id: str, root: Path) -> None:
    root.parent.mkdir(parents=True, exist_ok=True)
    partial = Path(tempfile.mkdtemp(prefix="partial-", dir=root.parent))
    try:
        container = engine.containers.create(image_id, labels={LABEL: "rootfs"})
        try:
            _untar(container.export(chunk_size=1 << 20), partial)
        finally:
            remove(container)
        # The engine adds these empty folders to images without them; the script mounts onto them.
        for folder in ("proc", "sys", "dev", "tmp"):
            (partial / folder).mkdir(exist_ok=True)
        partial.rename(root)
    except ENGINE_GONE as error:
        raise gone(error) from None
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def _untar(pieces: Iterable[bytes], folder: Path) -> None:
    """Unpack a tar stream without device nodes: the script mounts the host's. Raises HostError."""
    command = ["tar", "-x", "--numeric-owner", "--exclude=dev/*", "-C", str(folder)]
    with tempfile.TemporaryFile() as complaints:
        tar = subprocess.Popen(command, stdin=subprocess.PIPE, stderr=complaints)
        assert tar.stdin is not None
        try:
            with suppress(BrokenPipeError):  # tar failed; its error is read below
                for piece in pieces:
                    tar.stdin.write(piece)
                tar.stdin.close()
        except BaseException:
            tar.kill()
            raise
        finally:
            tar.wait()
        complaints.seek(0)
        last = complaints.read().decode("utf-8", "replace").strip().splitlines()[-1:]
    if tar.returncode:
        raise HostError(f"an image could not be unpacked to {folder.parent}: {' '.join(last)}", "is the disk full?")
