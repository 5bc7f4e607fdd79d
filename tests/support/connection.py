"""A connection that leads nowhere: what a board is asked to do is done by this machine."""

import os
import shlex
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

from bench.core.address import Address
from bench.remote.agent_client import AgentClient
from bench.remote.connection import Connection
from bench.remote.failures import BoardError

ADDRESS = Address("board", "pi")


class FakeConnection(Connection):
    """Commands are given to this machine's shell as sshd would give them to the user's, until it is `cut`."""

    def __init__(self, address: Address, path: str | None = None) -> None:
        super().__init__(address)
        self.cut, self.path = False, path
        self.started: list[subprocess.Popen[bytes]] = []

    def __enter__(self):
        if self.cut:
            raise BoardError("unreachable", "nobody answers")
        return self

    def __exit__(self, *_):
        pass

    def words(self, command: Sequence[str], *, shell: bool = False) -> list[str]:
        remote = command[0] if shell else shlex.join(command)
        path = [f"PATH={self.path}:{os.environ['PATH']}"] if self.path else []
        return ["env", *path, "sh", "-c", "false" if self.cut else remote]

    def start(self, command: Sequence[str], **pipes) -> "subprocess.Popen[bytes]":
        self.started.append(super().start(command, **pipes))
        return self.started[-1]

    def alive(self) -> bool:
        return not self.cut

    def break_off(self) -> None:
        """The connection ends, and all of its sessions with it."""
        self.cut = True
        for process in self.started:
            process.stdin.close()  # the board hears of it so, and falls silent


@pytest.fixture
def board(tmp_path, monkeypatch):
    """A board that is this machine, with a cache folder below the test's own."""
    monkeypatch.setenv("EDGEBENCH_CACHE", str(tmp_path / "board"))
    with AgentClient(ADDRESS, FakeConnection) as made:
        yield made


def listed(marker: str) -> bool:
    """Whether a process with these words runs."""
    said = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True).stdout
    return marker in said.splitlines()


def folder(path: Path, files: dict[str, str]) -> Path:
    """A folder with these files."""
    for name, text in files.items():
        at = path / name
        at.parent.mkdir(parents=True, exist_ok=True)
        at.write_text(text)
    return path
