"""The arms of the ablations: a container with one change (ablations.py has the table)."""

import io
import tarfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import docker

from bench.arms.ablations import NEAR, Ablation
from bench.arms.container import ContainerArm
from bench.arms.launch import Outcome, Spec
from bench.arms.rootfs import unpack_image
from bench.core.errors import HostError
from bench.images.engine import ENGINE_GONE, gone, remove
from bench.images.local import Locate

EMPTY = "edgebench/bind-root"  # the name of images that hold only mount points
EVICT = Path(__file__).with_name("evict.sh")
# Folders that the engine mounts itself; they have no content of the image.
_ENGINE_FOLDERS = ("proc", "sys", "dev", "tmp")


class AblatedArm(ContainerArm):
    """A container with one of its keywords changed."""

    def __init__(self, ablation: Ablation, engine: docker.DockerClient, locate: Locate) -> None:
        super().__init__(engine, locate)
        self.ablation = ablation
        self.name = ablation.name

    def options(self, spec: Spec) -> dict[str, Any]:
        """The container's keywords with the ablation's change."""
        return self.ablation.change(super().options(spec), spec)


class LimitedArm(AblatedArm):
    """A container with a memory limit for each cell."""

    def __init__(self, ablation: Ablation, engine: docker.DockerClient, locate: Locate) -> None:
        super().__init__(ablation, engine, locate)
        self.limits: dict[str, int] = {}  # cell → bytes, set before the first launch

    def options(self, spec: Spec) -> dict[str, Any]:
        """The container's keywords, with this cell's limit."""
        limit = self._limit(spec)
        return {**super().options(spec), "mem_limit": limit, "memswap_limit": limit}

    def launch(self, spec: Spec) -> Outcome:
        """Run one launch. Out of memory is a valid result here, so its message names the limit and no option."""
        outcome = super().launch(spec)
        if outcome.reason != "out-of-memory":
            return outcome
        limit = f"{self._limit(spec) // 2**20} MiB, {NEAR} times what the cell needed before the run"
        return replace(outcome, message=f"it needs more than {limit}")

    def _limit(self, spec: Spec) -> int:
        return self.limits[spec.launch.rsplit("/", 2)[0]]


class BindRootArm(AblatedArm):
    """The image's files without its layers: the unpacked folders are bound into an image of mount points."""

    def __init__(self, ablation: Ablation, engine: docker.DockerClient, locate: Locate) -> None:
        super().__init__(ablation, engine, locate)
        self.roots: dict[str, Path] = {}
        self.entrypoints: dict[str, list[str]] = {}

    def prepare(self, framework: str) -> None:
        """Unpack the image as the rootfs arm does, and make the image of mount points."""
        image = self.locate(framework)
        self.roots[framework] = unpack_image(self.engine, image.image_id)
        name = f"{EMPTY}:{image.image_id.removeprefix('sha256:')[:12]}"
        tar = _mount_points(self.roots[framework])
        repository, _, tag = name.partition(":")
        try:
            self.engine.api.import_image_from_data(tar, repository=repository, tag=tag)
            self.images[framework] = str(self.engine.images.get(name).id)
            self.entrypoints[framework] = self.engine.api.inspect_image(image.image_id)["Config"]["Entrypoint"]
        except ENGINE_GONE as error:
            raise gone(error) from None

    def options(self, spec: Spec) -> dict[str, Any]:
        """The container's keywords with the bound folders and the entrypoint, which the empty image lacks."""
        words = super().options(spec)
        root = self.roots[spec.framework]
        for path in spec.mounts:  # the engine cannot create mount points in a read-only bind
            (root / path.relative_to("/")).mkdir(parents=True, exist_ok=True)
        folders = [path for path in sorted(root.iterdir()) if path.is_dir() and not path.is_symlink()]
        bound = [
            docker.types.Mount(f"/{path.name}", str(path), type="bind", read_only=True)
            for path in folders
            if path.name not in _ENGINE_FOLDERS
        ]
        return {**words, "mounts": [*bound, *words["mounts"]], "entrypoint": self.entrypoints[spec.framework]}


class ColdArm(AblatedArm):
    """A container whose files are not in the page cache when it starts."""

    def launch(self, spec: Spec) -> Outcome:
        """Remove the files from the page cache, then launch."""
        self.evict(spec)
        return super().launch(spec)

    def evict(self, spec: Spec) -> None:
        """Remove the image's and the model's files from the page cache, from inside a container. Raises HostError."""
        words = super().options(spec)
        words |= {
            "name": words["name"] + "-evict",
            "entrypoint": ["sh", "-c", EVICT.read_text(encoding="utf-8"), "evict"],
            "command": ["/", *map(str, spec.mounts)],
        }
        try:
            container = self.engine.containers.create(self.images[spec.framework], **words)
            try:
                container.start()
                code = container.wait(timeout=spec.timeout)["StatusCode"]
                said = container.logs().decode(errors="replace")
            finally:
                remove(container)
        except ENGINE_GONE as error:
            raise gone(error) from None
        if code:
            last = " ".join(said.split())[-300:]
            raise HostError(f"the page cache could not be emptied of {spec.framework}'s image: {last}", "leave it out")


def _mount_points(root: Path) -> bytes:
    """A tar of the top level of an unpacked image: its links, and its folders without content."""
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as tar:
        for path in sorted(root.iterdir()):
            entry = tarfile.TarInfo(path.name)
            if path.is_symlink():
                entry.type, entry.linkname = tarfile.SYMTYPE, str(path.readlink())
            elif path.is_dir():
                entry.type, entry.mode = tarfile.DIRTYPE, 0o755
            else:
                continue
            tar.addfile(entry)
    return stream.getvalue()
