"""The rootfs arm: the image's own file system by chroot, without cgroup limits, seccomp or network and pid namespaces.

A private mount namespace is kept, for one reason: its mounts vanish with the last process in it, however that ends.
"""

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

import docker

from bench.arms import process
from bench.engine import ENGINE_GONE, LABEL, gone, remove
from bench.errors import HostError
from bench.images import require
from bench.launching import RUNNER, Outcome, Spec
from bench.paths import cache

ENTER = Path(__file__).with_name("enter_rootfs.sh")


class RootfsArm:
    """Launches the runner inside the unpacked image."""

    name = "rootfs"

    def __init__(self, engine: docker.DockerClient, platform: str) -> None:
        self.engine = engine
        self.platform = platform
        self.roots: dict[str, Path] = {}

    def prepare(self, framework: str) -> None:
        """Unpack the image once per digest. Raises HostError when it is missing or the disk is full."""
        image = require(self.engine, framework, self.platform)
        root = cache() / "rootfs" / image.digest.removeprefix("sha256:")
        if not root.is_dir():
            _unpack(self.engine, image.digest, root)
        self.roots[framework] = root

    def launch(self, spec: Spec) -> Outcome:
        """Run one process in the unpacked image."""
        root = self.roots[spec.framework]
        for mount in spec.mounts:  # the mount points; the engine makes them in the container's own layer
            (root / mount.relative_to("/")).mkdir(parents=True, exist_ok=True)
        namespace = ["unshare", "--mount", "--propagation", "private"]
        if os.getuid() != 0:
            namespace.append("--map-root-user")
        enter = ["sh", str(ENTER), str(root), *map(str, spec.mounts), "--"]
        return process.run([*namespace, *enter, "/opt/venv/bin/python", *RUNNER, str(spec.request)], spec)


def _unpack(engine: docker.DockerClient, digest: str, root: Path) -> None:
    root.parent.mkdir(parents=True, exist_ok=True)
    partial = Path(tempfile.mkdtemp(prefix="partial-", dir=root.parent))
    try:
        container = engine.containers.create(digest, labels={LABEL: "rootfs"})
        try:
            tar = subprocess.Popen(["tar", "-x", "-C", str(partial)], stdin=subprocess.PIPE, stderr=subprocess.PIPE)
            assert tar.stdin is not None
            try:
                for piece in container.export(chunk_size=1 << 20):
                    tar.stdin.write(piece)
            except BrokenPipeError:
                pass  # tar has given up, and says why below
            _, said = tar.communicate()
        finally:
            remove(container)
        if tar.returncode:
            last = said.decode("utf-8", "replace").strip().splitlines()[-1:]
            raise HostError(f"{digest} could not be unpacked to {root.parent}: {' '.join(last)}", "is the disk full?")
        # The engine adds these empty where the image lacks them; the script mounts onto them.
        for folder in ("proc", "sys", "dev", "tmp"):
            (partial / folder).mkdir(exist_ok=True)
        partial.rename(root)
    except ENGINE_GONE as error:
        raise gone(error) from None
    finally:
        shutil.rmtree(partial, ignore_errors=True)
