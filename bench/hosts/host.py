"""Access to a machine: reads its files, inspects its nodes, runs its commands.

bench accesses a device only through a `Host`. It may be this machine, a directory tree that a test made, the machine
around bench's container, or a board over SSH.
"""

import os
import platform
import stat
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

from bench.core.errors import HostError
from bench.core.paths import cache

NO_ANSWER = 124  # exit code of a command that ran into its time limit, as timeout(1) has it
NOT_FOUND = 127  # a shell's exit code for a command that does not exist
GROUP_FIELDS = 3  # name, password and number: the fields of a line of /etc/group that are needed
Kind = Literal["file", "directory", "char", "block", "other"]


@dataclass(frozen=True, kw_only=True)
class Node:
    """The facts of a file that `stat` tells. `major` and `minor` are 0 unless it is a device."""

    kind: Kind
    mode: int
    uid: int
    gid: int
    major: int = 0
    minor: int = 0


@dataclass(frozen=True, kw_only=True)
class CommandResult:
    """The exit code and the output of a command."""

    code: int
    out: str
    err: str = ""


class Host(Protocol):
    """A machine. Paths are absolute, as the machine itself has them."""

    machine: str  # the kernel's name of the architecture: `x86_64`, `aarch64`
    place: str  # the address of a remote machine; empty for this one
    state: str  # the folder on the machine where bench keeps its state

    def read(self, path: str) -> bytes | None:
        """All of a file; None when it is not there or may not be read."""

    def glob(self, pattern: str) -> list[str]:
        """The paths that a shell's pattern stands for, sorted."""

    def stat(self, path: str) -> Node | None:
        """What is at a path, links followed; None when nothing is."""

    def write(self, path: str, text: str) -> None:
        """Write to a file that is there, as settings of the kernel are made. Raises OSError."""

    def run(self, words: Sequence[str], timeout: float = 30.0) -> CommandResult:
        """Run a command to its end, with nothing on its standard input. One that is not there ends with NOT_FOUND."""


class Local:
    """This machine, or the one whose file system is mounted at `root`.

    With `enter`, commands run inside `root` (chroot); otherwise on this machine.
    """

    def __init__(self, root: Path = Path("/"), machine: str | None = None, *, enter: bool = False) -> None:
        self.root, self.enter = root, enter
        self.place, self.state = "", str(cache() / "doctor")
        self.machine = machine or platform.machine()

    def _at(self, path: str) -> Path:
        return self.root / path.lstrip("/")

    def read(self, path: str) -> bytes | None:
        """All of a file; None when it is not there or may not be read."""
        try:
            return self._at(path).read_bytes()
        except OSError:
            return None

    def glob(self, pattern: str) -> list[str]:
        """The paths that a shell's pattern stands for, sorted."""
        found = self.root.glob(pattern.lstrip("/"))
        return sorted(f"/{path.relative_to(self.root)}" for path in found)

    def stat(self, path: str) -> Node | None:
        """What is at a path, links followed; None when nothing is."""
        try:
            found = self._at(path).stat()
        except OSError:
            return None
        kinds: dict[int, Kind] = {
            stat.S_IFREG: "file", stat.S_IFDIR: "directory", stat.S_IFCHR: "char", stat.S_IFBLK: "block",
        }  # fmt: skip
        return Node(
            kind=kinds.get(stat.S_IFMT(found.st_mode), "other"),
            mode=stat.S_IMODE(found.st_mode),
            uid=found.st_uid,
            gid=found.st_gid,
            major=os.major(found.st_rdev),
            minor=os.minor(found.st_rdev),
        )

    def write(self, path: str, text: str) -> None:
        """Write to a file that is there, as settings of the kernel are made. Raises OSError."""
        opened = os.open(self._at(path), os.O_WRONLY | os.O_TRUNC)  # without O_CREAT: a setting is never created
        try:
            os.write(opened, text.encode())
        finally:
            os.close(opened)

    def run(self, words: Sequence[str], timeout: float = 30.0) -> CommandResult:
        """Run a command to its end, with nothing on its standard input. One that is not there ends with NOT_FOUND."""
        command = ["chroot", str(self.root), *words] if self.enter else list(words)
        try:
            done = subprocess.run(
                command, stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace", timeout=timeout
            )
        except OSError as error:
            return CommandResult(code=NOT_FOUND, out="", err=f"{words[0]}: {error.strerror}")
        except subprocess.TimeoutExpired:
            return CommandResult(code=NO_ANSWER, out="", err=f"{words[0]}: no answer after {timeout:.0f} s")
        return CommandResult(code=done.returncode, out=done.stdout, err=done.stderr)


def host_root() -> Path | None:
    """Where the machine's file system is mounted while bench is in a container (EDGEBENCH_HOST_ROOT), or None."""
    root = os.environ.get("EDGEBENCH_HOST_ROOT")
    return Path(root) if root else None


def this_machine() -> Local:
    """The machine that bench runs on. Raises HostError in a container without the machine's file system."""
    root = host_root()
    if root is None:
        return Local()
    if not (root / "etc").is_dir():
        raise HostError(f"bench runs in a container and does not see the machine in {root}", "add -v /:/host:ro")
    return Local(root, enter=True)


def text(host: Host, path: str) -> str | None:
    """A small file as text, without surrounding space and NUL (device trees end with it); None if missing or empty."""
    content = host.read(path)
    return (content.decode("utf-8", "replace").strip("\0\n\t ") or None) if content is not None else None


def groups(host: Host) -> dict[str, int]:
    """Maps each group of /etc/group to its number. Groups of a directory service are not included."""
    lines = (line.split(":") for line in (text(host, "/etc/group") or "").splitlines())
    return {fields[0]: int(fields[2]) for fields in lines if len(fields) >= GROUP_FIELDS and fields[2].isdigit()}
