"""The rootfs and native arms on a board: launches are processes there."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import PurePosixPath

import docker

from bench.arms.launch import RUNNER, Outcome, Spec, by_signal, environment, tail
from bench.arms.rootfs import ENTER, PYTHON
from bench.core import cpus as cpu_lists
from bench.core.errors import HostError
from bench.images.engine import ENGINE_GONE, LABEL, files_digest, gone, remove
from bench.images.local import Locate
from bench.remote.agent_client import AgentClient
from bench.remote.cache import RemoteCache
from bench.remote.engine import socket_of
from bench.remote.failures import disk_failure, is_disk_full


class BoardProcess:
    """Launches a process on the board."""

    def __init__(self, board: AgentClient) -> None:
        self.board = board

    def run(self, command: Sequence[str], spec: Spec) -> Outcome:
        """Run `command` with the runner's arguments, pinned to the launch's CPUs. Times are of the board's clock."""
        said: dict[str, list[bytes]] = {"out": [], "err": []}

        def hear(pipe: str, piece: bytes) -> None:
            said[pipe].append(piece)
            if spec.hear and pipe == "out":
                spec.hear(piece)

        ended = self.board.launch(
            [*command, *RUNNER, str(spec.request)],
            hear,
            env=environment(spec.threads, spec.grant.environment),
            cpus=cpu_lists.parse(spec.cpus, self.board.facts["cpus"]),
            timeout=spec.timeout,
        )
        code, reason, message = ended["code"], None, None
        if ended["timed_out"]:
            reason, message = "timeout", f"no result after {spec.timeout:.0f} s"
        elif code < 0:
            reason, message = by_signal("runner", -code)
        return Outcome(
            start_ns=ended["start_ns"],
            wall_ns=ended["end_ns"] - ended["start_ns"],
            stdout=b"".join(said["out"]),
            stderr=tail(b"".join(said["err"]).decode("utf-8", "replace")),
            exit_code=code,
            reason=reason,
            message=message,
            started_ns=ended["started_ns"],
        )


class BoardRootfsArm(BoardProcess):
    """The image's file system; the board unpacks it itself, so nothing is transferred."""

    name = "rootfs"

    def __init__(self, board: AgentClient, cache: RemoteCache, engine: docker.DockerClient, locate: Locate) -> None:
        super().__init__(board)
        self.cache, self.engine, self.locate = cache, engine, locate
        self.roots: dict[str, str] = {}

    def prepare(self, framework: str) -> None:
        """Unpack the image unless an image with the same layers is unpacked, and enter it once as a test."""
        digest = self.locate(framework).image_id
        root = PurePosixPath(self.board.cache, "rootfs", files_digest(self.engine.images.get(digest)))
        if self.board.stat(str(root)) is None:
            self._unpack(digest, root)
        done = self.board.run([*self._enter(str(root), []), PYTHON, "-c", ""])
        if done.code:
            said = " ".join(done.err.split())[-300:]
            hint = "leave it out: --arms container,native"
            raise HostError(f"the rootfs arm cannot enter {root} on {self.board.address}: {said}", hint)
        self.roots[framework] = str(root)

    def launch(self, spec: Spec) -> Outcome:
        """Run one process in the unpacked image."""
        seen = [*map(str, spec.mounts), *spec.grant.files]
        return self.run([*self._enter(self.roots[spec.framework], seen), PYTHON], spec)

    def _enter(self, root: str, mounts: Sequence[str]) -> list[str]:
        namespace = ["unshare", "--mount", "--propagation", "private"]
        if self.board.facts["uid"] != 0:
            namespace.append("--map-root-user")
        return [*namespace, "sh", str(self.cache.put(ENTER)), root, *mounts, "--"]

    def _unpack(self, digest: str, root: PurePosixPath) -> None:
        try:
            container = self.engine.containers.create(digest, labels={LABEL: "rootfs"})
            try:
                with self.cache.partial(root) as partial:
                    self._fill(container.id, partial)
            finally:
                with suppress(*ENGINE_GONE):
                    remove(container)
        except ENGINE_GONE as error:
            raise gone(error) from None

    def _fill(self, container: str, partial: str) -> None:
        complaint = self.board.call("unpack", engine=socket_of(self.board), container=container, folder=partial)
        if complaint:
            if is_disk_full(complaint):
                raise disk_failure(self.board.address, self.board.cache, complaint)
            raise HostError(f"an image could not be unpacked on {self.board.address}: {complaint}", "try it again")
        # An engine creates these folders if the image lacks them; the script mounts onto them.
        for folder in ("proc", "sys", "dev", "tmp"):
            self.board.call("make", path=f"{partial}/{folder}")


class BoardNativeArm(BoardProcess):
    """The runner in a virtual environment on the board, made from the image's lock file by `python`."""

    name = "native"

    def __init__(self, board: AgentClient, python: Callable[[str], str]) -> None:
        super().__init__(board)
        self.python = python
        self.pythons: dict[str, str] = {}

    def prepare(self, framework: str) -> None:
        """Install the environment if it is missing."""
        self.pythons[framework] = self.python(framework)

    def launch(self, spec: Spec) -> Outcome:
        """Run one process on the bare board."""
        return self.run([self.pythons[spec.framework]], spec)
