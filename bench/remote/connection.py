"""One SSH connection to a board, that all goes through: OpenSSH's own master, by the user's own ssh and ssh config.

Everything else is a session of that connection (`ssh -S`), so the board sees one login, and a connection that is gone
is gone for all: `ProxyCommand=false` keeps ssh from quietly making a second one. The master ends by itself soon after
its last session, so none outlives a bench that was killed.
"""

import os
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

from bench.core.address import Address
from bench.core.errors import HostError
from bench.remote.failures import connection_failure, ssh_failure

LINGER = 20  # seconds that the master waits for another session
# Of a connection that is cut the client hears nothing: it asks, and gives up after this many seconds without an answer.
ASK_EVERY, GIVE_UP = 15, 3
# What a user's config may ask for an interactive login, and no session of ours wants.
PLAIN = ("RemoteCommand=none", "RequestTTY=no", "ForwardX11=no", "ForwardAgent=no", "PermitLocalCommand=no")
SOCKET_PATH = 80  # bytes: ssh adds 17, and 108 is the most


def ssh_command() -> list[str]:
    """The user's ssh: EDGEBENCH_SSH, split as a shell would (`ssh -F config`), else `ssh`."""
    return shlex.split(os.environ.get("EDGEBENCH_SSH") or "ssh")


class Connection:
    """A board's connection, open between `with` and its end. Raises BoardError where ssh cannot make it."""

    def __init__(self, address: Address) -> None:
        self.address = address

    def __enter__(self) -> Self:
        short = len(tempfile.gettempdir()) < SOCKET_PATH - 24
        self.folder = Path(tempfile.mkdtemp(prefix="edgebench-", dir=None if short else "/tmp"))
        self.control = self.folder / "ssh"
        try:
            self._open()
        except BaseException:
            self._close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._close()

    def _open(self) -> None:
        asked = [f"ServerAliveInterval={ASK_EVERY}", f"ServerAliveCountMax={GIVE_UP}", "ConnectTimeout=20"]
        asked += [f"ControlPersist={LINGER}", "ExitOnForwardFailure=no", "LogLevel=ERROR", *PLAIN]
        if not sys.stdin.isatty():  # nobody could answer a question
            asked.append("BatchMode=yes")
        words = [*ssh_command(), "-M", "-S", str(self.control), "-x", "-a", "-T", *_options(asked)]
        # A file, not a pipe: older masters keep it open when they go to the background.
        with tempfile.TemporaryFile() as complaints:
            try:
                code = subprocess.call(
                    [*words, *self.address.words(), "exit 0"],
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                    stderr=complaints,
                )
            except OSError as error:
                raise HostError(f"{words[0]} cannot be started: {error.strerror}", "install OpenSSH's client") from None
            complaints.seek(0)
            said = complaints.read().decode("utf-8", "replace")
        if code == 0 and not self.alive():
            raise HostError(f"ssh keeps no master connection to {self.address}", "OpenSSH 6.7 or later is needed")
        if code:
            raise ssh_failure(self.address, said)

    def words(self, command: Sequence[str], *, shell: bool = False) -> list[str]:
        """The command here that runs a command there. With `shell` it is one string for the board's shell."""
        through = [*ssh_command(), "-S", str(self.control), "-T", *_options(["ControlMaster=no", "ProxyCommand=false"])]
        remote = command[0] if shell else shlex.join(command)
        return [*through, *_options(["BatchMode=yes", "LogLevel=ERROR", *PLAIN]), *self.address.words(), remote]

    def start(self, command: Sequence[str], **pipes: Any) -> "subprocess.Popen[bytes]":
        """Start a command there; `pipes` are Popen's. A Ctrl-C is for bench, which then ends it itself."""
        return subprocess.Popen(self.words(command), start_new_session=True, **pipes)

    def send(self, command: Sequence[str], give: "Any") -> tuple[int, str]:
        """Run a command there; `give` writes to its standard input. Its exit code and what it complained of."""
        with tempfile.TemporaryFile() as complaints:
            process = self.start(command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=complaints)
            assert process.stdin is not None
            try:
                give(_Pipe(process.stdin))
                process.stdin.close()
            except BrokenPipeError:  # it has ended, and says why
                pass
            except BaseException:
                process.kill()
                raise
            finally:
                code = process.wait()
            complaints.seek(0)
            return code, complaints.read().decode("utf-8", "replace")

    def forward(self, name: str, remote: str) -> Path:
        """A unix socket here, of this name, behind which is the board's."""
        local = self.folder / name
        code, said = self._control("forward", "-L", f"{local}:{remote}")
        if code:
            mend = "the board's sshd must allow it: AllowStreamLocalForwarding yes"
            raise HostError(f"{remote} of {self.address} cannot be forwarded ({said.strip()})", mend)
        return local

    def alive(self) -> bool:
        """Whether the connection is still there."""
        return self._control("check")[0] == 0

    def require(self) -> None:
        """Raise BoardError when the connection is gone."""
        if not self.alive():
            raise connection_failure(self.address)

    def _control(self, what: str, *words: str) -> tuple[int, str]:
        command = [*ssh_command(), "-S", str(self.control), "-O", what, *words, *self.address.words()]
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True)
        return done.returncode, done.stderr

    def _close(self) -> None:
        if self.control.exists():
            self._control("exit")
        shutil.rmtree(self.folder, ignore_errors=True)


class _Pipe:
    """A stream that its writer may close and flush without ending what reads it."""

    def __init__(self, stream: IO[bytes]) -> None:
        self.write, self.flush = stream.write, stream.flush


def _options(settings: Sequence[str]) -> list[str]:
    return [word for setting in settings for word in ("-o", setting)]
