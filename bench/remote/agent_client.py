"""The client of the agent on a board: a `Host` that also launches.

The agent (agent.py) runs in one session of the connection and reads requests from its standard input. If the agent
ends, the connection has failed; the client then looks for the cause.
"""

import base64
import errno
import json
import subprocess
import tempfile
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import requests

from bench.core.address import Address
from bench.core.errors import HostError
from bench.hosts.host import CommandResult, Node, text
from bench.remote.connection import Connection
from bench.remote.failures import BoardError, connection_failure, disk_failure, is_disk_full, restart_failure

BOOT = "/proc/sys/kernel/random/boot_id"
BEAT = 15.0  # seconds between heartbeats; agent.py gives up after four missed ones
SOURCE = Path(__file__).with_name("agent.py")


class AgentClient:
    """A board, connected inside `with`. Paths are paths of the board. Every method may raise BoardError."""

    def __init__(self, address: Address, connect: Callable[[Address], Connection] = Connection) -> None:
        self.address, self._connect = address, connect
        self.connection = connect(address)
        self._asking, self._over = threading.Lock(), threading.Event()

    def __enter__(self) -> Self:
        self.connection.__enter__()
        try:
            self._start()
        except BaseException:
            self._end()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end()

    def _start(self) -> None:
        source = SOURCE.read_bytes()
        # Read byte by byte: a buffered read would swallow the requests that follow.
        first = f"import os; exec(b''.join(os.read(0, 1) for _ in range({len(source)})))"
        self._complaints = tempfile.TemporaryFile()  # noqa: SIM115 (closed in _end)
        self._process = self.connection.start(
            ["python3", "-c", first], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._complaints
        )
        self._say(source)
        try:
            self.facts = self._greet()
        except BoardError:
            if self.connection.alive():
                what = f"no Python runs on {self.address}: {self._complaint()}"
                raise HostError(what, "install python3 there, 3.6 or later") from None
            raise
        self.machine = str(self.facts["machine"])
        self.cache = str(self.facts["cache"])
        self.place, self.state = str(self.address), f"{self.cache}/doctor"
        self.boot = text(self, BOOT)
        threading.Thread(target=self._beat, daemon=True).start()

    def _greet(self) -> dict[str, Any]:
        """Return the answer to the first request. Skip lines that login scripts print before it."""
        self._say(b'{"call": "hello"}\n')
        assert self._process.stdout is not None
        for line in self._process.stdout:
            with suppress(ValueError, TypeError, KeyError):
                return dict(json.loads(line)["answer"])
        raise self.find_failure()

    def _beat(self) -> None:
        while not self._over.wait(BEAT):
            with suppress(OSError, ValueError):
                self._say(b"\n")

    def _end(self) -> None:
        self._over.set()
        if process := getattr(self, "_process", None):
            with suppress(OSError):
                process.stdin.close()
            try:
                process.wait(5)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            process.stdout.close()
            self._complaints.close()
        self.connection.__exit__(None, None, None)

    def call(self, name: str, **words: Any) -> Any:
        """Call a function of agent.py and return its answer. Raises the OSError that was raised there."""
        return self._ask(name, words, lambda _: None)

    def _ask(self, name: str, words: dict[str, Any], hear: Callable[[dict[str, Any]], None]) -> Any:
        self._say((json.dumps({"call": name, **words}) + "\n").encode("ascii"))
        while True:
            answer = self._hear()
            if "answer" in answer:
                return answer["answer"]
            if "error" in answer:
                if answer["errno"] in (errno.ENOSPC, errno.EDQUOT):
                    raise disk_failure(self.address, self.cache, answer["error"])
                raise OSError(answer["errno"], answer["error"], answer["path"])
            hear(answer)

    def _say(self, data: bytes) -> None:
        assert self._process.stdin is not None
        try:
            with self._asking:
                self._process.stdin.write(data)
                self._process.stdin.flush()
        except (OSError, ValueError):
            pass  # the agent has ended; _hear raises the cause

    def _hear(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        try:
            return dict(json.loads(line))
        except ValueError:
            raise self.find_failure() from None

    def _complaint(self) -> str:
        self._process.wait(5)
        self._complaints.seek(0)
        lines = self._complaints.read().decode("utf-8", "replace").strip().splitlines()
        return lines[-1] if lines else "it said nothing"

    def find_failure(self) -> BoardError:
        """Return why the connection ended. Reconnects to find out whether the board was restarted."""
        try:
            with self._connect(self.address) as again:
                said = subprocess.run(again.words(["cat", BOOT]), capture_output=True, text=True).stdout.strip()
        except HostError as error:
            return connection_failure(self.address, str(error))
        return restart_failure(self.address) if said and said != self.boot else connection_failure(self.address)

    @contextmanager
    def explain_failures(self) -> Iterator[None]:
        """Replace errors inside `with` by the cause, if the connection is lost or the disk is full."""
        try:
            yield
        except BoardError:
            raise
        except (HostError, requests.RequestException, OSError) as error:
            if isinstance(error.__cause__, BoardError):  # it already names the cause and a remedy
                raise
            if not self.connection.alive():
                raise self.find_failure() from error
            if is_disk_full(str(error)):
                raise disk_failure(self.address, self.cache, str(error)) from error
            raise

    def require_same_boot(self) -> None:
        """Raise BoardError if the board was restarted since this connection was made."""
        if text(self, BOOT) != self.boot:
            raise restart_failure(self.address)

    # The methods of Host.

    def read(self, path: str) -> bytes | None:
        """Return the content of a file; None if it is missing or not readable."""
        content = self.call("read", path=path)
        return None if content is None else base64.b64decode(content)

    def glob(self, pattern: str) -> list[str]:
        """Return the paths that match a shell pattern, sorted."""
        return list(self.call("find", pattern=pattern))

    def stat(self, path: str) -> Node | None:
        """Return the node at a path (links are followed), or None."""
        found = self.call("status", path=path)
        return None if found is None else Node(**found)

    def write(self, path: str, text: str) -> None:
        """Write to an existing file, such as a kernel setting. Raises OSError."""
        self.call("write", path=path, text=text)

    def run(self, words: Sequence[str], timeout: float = 30.0) -> CommandResult:
        """Run a command to its end, with empty standard input. A missing command ends with NOT_FOUND."""
        return CommandResult(**self.call("run", words=list(words), timeout=timeout))

    def launch(self, words: Sequence[str], hear: Callable[[str, bytes], None], **how: Any) -> dict[str, Any]:
        """Run a launch; pass each piece of `out` and `err` to `hear`. Return how it ended, in the board's time."""

        def pass_on(answer: dict[str, Any]) -> None:
            for pipe, piece in answer.items():
                hear(pipe, base64.b64decode(piece))

        try:
            return dict(self._ask("launch", {"words": list(words), **how}, pass_on))
        except BaseException:
            self._say(b"kill\n")
            raise
