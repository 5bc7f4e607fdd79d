"""The cache folder of a board: files that launches need, copied once and named by the hash of their content.

Each file of a copy is compared with its source before the copy gets its name: a named copy is complete.
"""

import hashlib
import os
import tarfile
from collections.abc import Callable, Iterator
from pathlib import Path, PurePosixPath
from typing import Any

from bench.core.errors import HostError
from bench.remote.agent_client import AgentClient
from bench.remote.failures import disk_failure, is_disk_full
from runner.protocol import hash_artifact

LEFT_OUT = "__pycache__"
MB = 1e6  # bytes; smaller copies are not announced
AREAS = ("store", "rootfs", "native")  # folders of the cache; incomplete entries are called `partial-*`


class RemoteCache:
    """Copies files and folders to a board. `say` prints large transfers."""

    def __init__(self, board: AgentClient, say: Callable[[str], object] = lambda _: None) -> None:
        self.board, self.say = board, say
        self.known: dict[str, PurePosixPath] = {}

    def put(self, path: Path, sha256: str | None = None) -> PurePosixPath:
        """Return the path of a file or folder on the board; copy it if it is missing. Raises HostError.

        `sha256` is its hash, if known already, as for artifacts.
        """
        digest = sha256 or _digest(path)
        if digest not in self.known:
            folder = PurePosixPath(self.board.cache, "store", digest)
            if self.board.stat(f"{folder}/{path.name}") is None:
                self._copy(path, folder)
            self.known[digest] = folder / path.name
        return self.known[digest]

    def _copy(self, path: Path, folder: PurePosixPath) -> None:
        wanted = dict(_listing(path))
        size = sum(each.stat().st_size for each in _files(path))
        if size > MB:
            self.say(f"copying {path.name} ({size / MB:.0f} MB) to {self.board.address}")
        with self.partial(folder) as partial:
            code, said = self.board.connection.send(
                ["env", "LC_ALL=C", "tar", "-x", "-f", "-", "-C", partial], lambda end: _tar(path, end)
            )
            if is_disk_full(said):
                raise disk_failure(self.board.address, self.board.cache, said)
            if code:
                self.board.connection.require()
                last = said.strip().splitlines()[-1:] or [f"tar ended with {code}"]
                raise HostError(f"{path.name} could not be copied to {self.board.address}: {last[0]}", "try it again")
            if self.board.call("tree", path=partial) != wanted:
                what = f"{path.name} arrived damaged on {self.board.address}"
                raise HostError(what, "try it again; if it goes on, look at the board's disk or memory card: dmesg")

    def partial(self, folder: PurePosixPath) -> "_Partial":
        """Return a folder to fill: it is renamed to `folder` on success and removed on failure."""
        return _Partial(self.board, folder)

    def tidy(self) -> list[str]:
        """Remove incomplete entries of a killed bench. The board must be reserved."""
        found = [path for area in AREAS for path in self.board.glob(f"{self.board.cache}/{area}/partial-*")]
        for path in found:
            self.board.call("remove", path=path)
        return found


class _Partial:
    def __init__(self, board: AgentClient, folder: PurePosixPath) -> None:
        self.board, self.folder = board, str(folder)
        self.path = str(folder.with_name(f"partial-{folder.name}-{os.getpid()}"))

    def __enter__(self) -> str:
        try:
            self.board.call("make", path=self.path)
        except OSError as error:
            hint = "make it the user's own, or name another: EDGEBENCH_CACHE of the board's ssh environment"
            raise HostError(f"{self.path} cannot be made on {self.board.address}: {error.strerror}", hint) from None
        return self.path

    def __exit__(self, kind: type[BaseException] | None, error: Any, trace: Any) -> None:
        if kind is None:
            self.board.call("move", path=self.path, to=self.folder)
        elif self.board.connection.alive():
            self.board.call("remove", path=self.path)


def _files(path: Path) -> Iterator[Path]:
    found = sorted(path.rglob("*")) if path.is_dir() else [path]
    return (each for each in found if each.is_file() and LEFT_OUT not in each.parts)


def _digest(path: Path) -> str:
    """Return the hash as hash_artifact computes it, without files that Python compiled."""
    if path.is_file():
        return str(hash_artifact(str(path)))  # type: ignore[no-untyped-call]
    lines = sorted(f"{sha256}  {name.partition('/')[2]}\n" for name, sha256 in _listing(path))
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def _listing(path: Path) -> Iterator[tuple[str, str]]:
    """Yield the path of each file in the copy, with its SHA-256."""
    for each in _files(path):
        yield str(each.relative_to(path.parent)), str(hash_artifact(str(each)))  # type: ignore[no-untyped-call]


def _tar(path: Path, end: Any) -> None:
    with tarfile.open(fileobj=end, mode="w|") as archive:
        for each in _files(path):
            entry = archive.gettarinfo(str(each), str(each.relative_to(path.parent)))
            entry.uid = entry.gid = 0
            entry.uname = entry.gname = ""
            with each.open("rb") as stream:
                archive.addfile(entry, stream)
