"""The machine that a run is carried out on, as a run sees it: this one here, or a board on the end of a connection."""

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from functools import cached_property
from typing import TYPE_CHECKING, Any, Protocol

from bench.core import cpus as cpu_lists
from bench.core import paths
from bench.core.errors import HostError
from bench.core.matrix.schema import Matrix
from bench.hosts import sensors
from bench.hosts.host import Host, this_machine
from bench.run.lock import reserved

if TYPE_CHECKING:
    import docker
    from rich.console import Console

    from bench.arms.launch import Arm
    from bench.artifacts.request import Prepared
    from bench.hosts.monitor import Watch
    from bench.images.local import Locate
    from bench.images.registry.lock import Lock

LOCAL = "local"  # the address of this machine


class Machine(Protocol):
    """All in which this machine and a board differ for a run. Whatever it is asked may raise HostError."""

    address: str  # `local`, or `ssh://user@board`

    @property
    def host(self) -> Host:
        """Its files and programs."""

    @property
    def cache(self) -> str:
        """Its cache folder."""

    @property
    def user(self) -> str:
        """Who launches there: `uid:gid`."""

    @property
    def sense(self) -> Sequence[str]:
        """The command that starts the runner on it, for its sensors."""

    def sendable(self, framework: str, platform: str, /) -> bool:
        """Whether an image that it lacks would be brought to it."""

    def cpus(self) -> list[int]:
        """The CPUs that launches may use."""

    def reserved(self) -> AbstractContextManager[None]:
        """Hold it: one measurement at a time."""

    def engine(self) -> "docker.DockerClient":
        """A client of its engine."""

    def locate(
        self,
        engine: "docker.DockerClient",
        platforms: Mapping[str, str],
        lock: "Lock | None",
        console: "Console",
        *,
        quiet: bool,
    ) -> "Locate":
        """How to come to a framework's image on its engine."""

    def arms(
        self,
        names: Sequence[str],
        matrix: Matrix,
        engine: "docker.DockerClient | None",
        locate: "Locate | None",
    ) -> "dict[str, Arm]":
        """The ways to launch there."""

    def bring(self, cell: "Prepared") -> "Prepared":
        """A cell with its files where launches on it find them."""

    def facts(self, engine: "docker.DockerClient | None") -> dict[str, Any]:
        """`host` of run.json."""

    def require_same(self, facts: Mapping[str, Any], say: Callable[[str], object], /) -> None:
        """Raise HostError when it is not the machine of these facts, as far as they tell; `say` that it restarted."""

    def tidy(self) -> list[str]:
        """Remove what a killed bench left half done; it must be reserved."""

    def outdated(self, engine: "docker.DockerClient") -> list[str]:
        """Remove the unpacked images that its engine does not have any more."""

    def watch(self, cpus: Sequence[int]) -> "Watch":
        """What reads how busy it is."""


class Here:
    """This machine."""

    address = LOCAL

    @cached_property
    def host(self) -> Host:
        """Its files and programs; those around the container that bench runs in."""
        return this_machine()

    @property
    def cache(self) -> str:
        """The cache that all clones share."""
        return str(paths.cache())

    @property
    def user(self) -> str:
        """The caller."""
        return f"{os.getuid()}:{os.getgid()}"

    @property
    def sense(self) -> Sequence[str]:
        """This very Python."""
        return sensors.LOCAL

    def sendable(self, _framework: str, _platform: str, /) -> bool:
        """Nothing is brought: it is built here, or pulled."""
        return False

    def cpus(self) -> list[int]:
        """The CPUs of this process's affinity mask."""
        return cpu_lists.allowed()

    def reserved(self) -> AbstractContextManager[None]:
        """Hold it: one measurement or build at a time."""
        return reserved()

    def engine(self) -> "docker.DockerClient":
        """The first engine that answers."""
        from bench.images import engine

        return engine.connect()

    def locate(
        self,
        engine: "docker.DockerClient",
        platforms: Mapping[str, str],
        lock: "Lock | None",
        console: "Console",
        *,
        quiet: bool,
    ) -> "Locate":
        """Images that were built here, or pulled by the lock file."""
        from bench.images.registry.locate import locate

        return locate(engine, platforms, lock, console, quiet=quiet)

    def arms(
        self,
        names: Sequence[str],
        matrix: Matrix,
        engine: "docker.DockerClient | None",
        locate: "Locate | None",
    ) -> "dict[str, Arm]":
        """All arms."""
        from bench.arms.make import make_arms

        return make_arms(names, matrix, engine, locate)

    def bring(self, cell: "Prepared") -> "Prepared":
        """It is here already."""
        return cell

    def facts(self, engine: "docker.DockerClient | None") -> dict[str, Any]:
        """The machine as it is now."""
        from bench.hosts.provenance import board, host

        return host(engine) | board(self.host)

    def require_same(self, facts: Mapping[str, Any], _say: Callable[[str], object], /) -> None:
        """A run of a board is not gone on with here."""
        if address := facts.get("address"):
            raise HostError(f"this run is of {address}", f"bench matrix resume RUN --host {address}")

    def tidy(self) -> list[str]:
        """In the cache folder."""
        from bench.run import cleanup

        return list(map(str, cleanup.partials()))

    def outdated(self, engine: "docker.DockerClient") -> list[str]:
        """In the cache folder."""
        from bench.run import cleanup

        return list(map(str, cleanup.outdated(engine)))

    def watch(self, cpus: Sequence[int]) -> "Watch":
        """Its own files."""
        from bench.hosts.monitor import Watch

        return Watch(cpus)


@contextmanager
def machine_at(address: str | None) -> Iterator[Machine]:
    """The machine at an address, connected inside `with`; this one for None and `local`. Raises BoardError."""
    if address is None or address == LOCAL:
        yield Here()
        return
    from bench.core.address import parse
    from bench.remote.machine import RemoteMachine

    with RemoteMachine(parse(address)) as board:
        yield board
