"""A board as the machine of a run (implements bench.run.machine.Machine)."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache, cached_property
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

import docker
from rich.console import Console

from bench.arms.launch import Arm
from bench.artifacts.request import Prepared
from bench.core.address import Address
from bench.core.errors import ConfigError, HostError
from bench.core.matrix.arm_names import ARMS
from bench.core.matrix.schema import Matrix
from bench.core.paths import PROJECT
from bench.images.engine import files_digest
from bench.images.local import Image, Locate
from bench.images.registry.lock import Lock
from bench.images.registry.progress import Transfers
from bench.remote import engine as engines
from bench.remote.agent_client import AgentClient
from bench.remote.arms import BoardContainerArm, RemoteArm
from bench.remote.cache import RemoteCache
from bench.remote.facts import facts, identity
from bench.remote.processes import BoardNativeArm, BoardRootfsArm
from bench.remote.upload import upload_cell
from bench.remote.venvs import Environments
from runner.protocol import hash_runner

if TYPE_CHECKING:
    from bench.hosts.monitor import Watch


class RemoteMachine:
    """A board, connected inside `with`."""

    def __init__(self, address: Address, console: Console | None = None) -> None:
        self.address = str(address)
        self.host = AgentClient(address)
        self._held = False
        self.remote_cache = RemoteCache(self.host, (console or Console(stderr=True)).print)

    def __enter__(self) -> Self:
        self.host.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            with self.host.explain_failures():
                if isinstance(error, Exception):
                    raise error
        finally:
            self.host.__exit__(kind, error, trace)

    @property
    def cache(self) -> str:
        """Return the board's cache folder."""
        return self.host.cache

    @property
    def user(self) -> str:
        """Return the user that logs in: `uid:gid`."""
        return "{uid}:{gid}".format(**self.host.facts)

    def sendable(self, framework: str, platform: str, /) -> bool:
        """Return whether the local engine has a matching image."""
        return engines.fitting(framework, platform) is not None

    @cached_property
    def sense(self) -> Sequence[str]:
        """Copy the runner to the board and return the command that starts it with the board's Python."""
        runner = self.remote_cache.put(PROJECT / "runner", hash_runner())
        there = ["env", f"PYTHONPATH={runner.parent}", "python3", "-B", "-m", "runner"]
        return self.host.connection.words(there)

    def cpus(self) -> list[int]:
        """Return the CPUs that a login on the board may use."""
        return list(self.host.facts["cpus"])

    @contextmanager
    def reserved(self) -> Iterator[None]:
        """Reserve the board until the connection ends; every other bench is refused."""
        if not self._held:
            self._hold()
        yield

    def _hold(self) -> None:
        try:
            self.host.call("make", path=self.host.cache)
            holder = self.host.call("reserve", path=f"{self.host.cache}/host.lock")
        except OSError as error:
            what = f"{self.host.cache} on {self.address} cannot be used: {error.strerror}"
            raise HostError(what, "EDGEBENCH_CACHE of the board's ssh environment names another folder") from None
        if holder:
            what = f"another bench measures on {self.address} (process {holder} there)"
            raise HostError(what, "wait for it; one whose connection was lost lets go within a minute")
        self._held = True
        self.remote_cache.tidy()

    def engine(self) -> docker.DockerClient:
        """Return a client of the board's engine."""
        return self._engine

    @cached_property
    def _engine(self) -> docker.DockerClient:
        return engines.connect(self.host)

    def locate(
        self,
        engine: docker.DockerClient,
        platforms: Mapping[str, str],
        lock: Lock | None,
        console: Console,
        *,
        quiet: bool,
    ) -> Locate:
        """Return a lookup of images: local ones are sent to the board; with a lock file the board pulls."""
        shown = Transfers(console, quiet=quiet)
        source = engines.BoardPuller(engine, lock, shown) if lock else engines.Sender(self.host, engine, shown)

        @cache
        def find(framework: str) -> Image:
            with shown, self.host.explain_failures():
                return source.require(framework, platforms[framework])

        return find

    def arms(
        self, names: Sequence[str], matrix: Matrix, engine: docker.DockerClient | None, locate: Locate | None
    ) -> dict[str, Arm]:
        """Return the arms with these names. Ablations are refused: they change files of bench's own machine."""
        if away := [name for name in names if name not in ARMS]:
            raise ConfigError(
                f"the {away[0]} arm cannot be launched on {self.address}", "call bench on the board itself"
            )
        made: dict[str, Arm] = {}
        for name in names:
            if name == "native":
                made[name] = BoardNativeArm(self.host, Environments(self.host, self.remote_cache, matrix).python)
                continue
            assert engine is not None
            assert locate is not None
            if name == "container":
                made[name] = BoardContainerArm(self.host, engine, locate)
            else:
                made[name] = BoardRootfsArm(self.host, self.remote_cache, engine, locate)
        return {name: RemoteArm(arm, self.host) for name, arm in made.items()}

    def bring(self, cell: Prepared) -> Prepared:
        """Copy the files of a cell to the board and return the cell with the new paths."""
        with self.host.explain_failures():
            return upload_cell(cell, self.remote_cache)

    def facts(self, engine: docker.DockerClient | None) -> dict[str, Any]:
        """Return `host` of run.json."""
        return facts(self.host, engine)

    def require_same(self, facts: Mapping[str, Any], say: Callable[[str], object], /) -> None:
        """Raise HostError if the run was made on another board, or on no board."""
        then, now = facts.get("machine_id"), identity(self.host)
        if not facts.get("address"):
            raise HostError("this run is not of a board", "go on where it was: bench matrix resume RUN, without --host")
        if then and then != now["machine_id"]:
            what = f"{self.address} is another board than {facts['address']} was when the run began"
            raise HostError(what, "go on at the board of the run, or start a new one")
        if facts.get("boot_id") != now["boot_id"]:
            say(f"{self.address} was restarted since the run began")

    def tidy(self) -> list[str]:
        """Remove incomplete entries of the board's cache; return their paths."""
        return self.remote_cache.tidy()

    def outdated(self, engine: docker.DockerClient) -> list[str]:
        """Remove unpacked images that the board's engine no longer has; return their paths."""
        there = {files_digest(image) for image in engine.images.list(all=True)}
        found = [path for path in self.host.glob(f"{self.host.cache}/rootfs/*") if Path(path).name not in there]
        for path in found:
            self.host.call("remove", path=path)
        return found

    def watch(self, cpus: Sequence[int]) -> "Watch":
        """Return a watch that reads the board's files before and after a launch."""
        from bench.remote.monitor import BoardWatch

        return BoardWatch(cpus, board=self.host)
