"""The SSH connection to a board: an OpenSSH master, started with the user's ssh and ssh config.

Every command is a session of this connection (`ssh -S`), so the board sees one login. If the connection is lost, all
sessions are: `ProxyCommand=false` keeps ssh from opening a second one. The master ends soon after its last session, so
it does not outlive a killed bench.
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
# A cut connection sends no signal: the client sends a probe every ASK_EVERY seconds and gives up after GIVE_UP misses.
ASK_EVERY, GIVE_UP = 15, 3
# Settings for interactive logins in the user's config; they are turned off.
PLAIN = ("RemoteCommand=none", "RequestTTY=no", "ForwardX11=no", "ForwardAgent=no", "PermitLocalCommand=no")
SOCKET_PATH = 80  # bytes: ssh adds 17, and 108 is the most


def ssh_command() -> list[str]:
    """Return the ssh command: EDGEBENCH_SSH, split as a shell would (`ssh -F config`), else `ssh`."""
    return shlex.split(os.environ.get("EDGEBENCH_SSH") or "ssh")


class Connection:
    """A connection to a board, open inside `with`. Raises BoardError if ssh cannot connect."""

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
        """Return the local command that runs a command on the board. With `shell` it is one string for a shell."""
        through = [*ssh_command(), "-S", str(self.control), "-T", *_options(["ControlMaster=no", "ProxyCommand=false"])]
        remote = command[0] if shell else shlex.join(command)
        return [*through, *_options(["BatchMode=yes", "LogLevel=ERROR", *PLAIN]), *self.address.words(), remote]

    def start(self, command: Sequence[str], **pipes: Any) -> "subprocess.Popen[bytes]":
        """Start a command on the board; `pipes` go to Popen. Ctrl-C reaches bench only, which ends the command."""
        return subprocess.Popen(self.words(command), start_new_session=True, **pipes)

    def send(self, command: Sequence[str], give: "Any") -> tuple[int, str]:
        """Run a command on the board; `give` writes to its standard input. Return exit code and error output."""
        with tempfile.TemporaryFile() as complaints:
            process = self.start(command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=complaints)
            assert process.stdin is not None
            try:
                give(_Pipe(process.stdin))
                process.stdin.close()
            except BrokenPipeError:  # the command has ended; its error output says why
                pass
            except BaseException:
                process.kill()
                raise
            finally:
                code = process.wait()
            complaints.seek(0)
            return code, complaints.read().decode("utf-8", "replace")

    def forward(self, name: str, remote: str) -> Path:
        """Forward a unix socket of the board to a local one and return its path."""
        local = self.folder / name
        code, said = self._control("forward", "-L", f"{local}:{remote}")
        if code:
            mend = "the board's sshd must allow it: AllowStreamLocalForwarding yes"
            raise HostError(f"{remote} of {self.address} cannot be forwarded ({said.strip()})", mend)
        return local

    def alive(self) -> bool:
        """Return whether the connection is still open."""
        return self._control("check")[0] == 0

    def require(self) -> None:
        """Raise BoardError if the connection is lost."""
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
    """A stream without `close`: a writer that closes its file does not end the reader."""

    def __init__(self, stream: IO[bytes]) -> None:
        self.write, self.flush = stream.write, stream.flush


def _options(settings: Sequence[str]) -> list[str]:
    return [word for setting in settings for word in ("-o", setting)]
