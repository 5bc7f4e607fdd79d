"""A board that is asked over its connection: a `Host`, and what launching there takes besides.

All of it is one session, `on_board.py` there, that reads its requests from standard input. Where it ends the connection
is at fault, and why is found out then.
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
BEAT = 15.0  # seconds between signs of life; on_board.py waits for four of them
SOURCE = Path(__file__).with_name("agent.py")


class AgentClient:
    """A board, connected between `with` and its end. Its paths are its own. Raises BoardError in whatever it does."""

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
        # Byte by byte: what is read ahead would be missing among the requests that follow.
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
        """The answer to the first request. A login's own files may print before it, and are passed over."""
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
        """Have the board do one thing of on_board.py, and give its answer. Raises OSError as it did there."""
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
            pass  # it has ended: nothing is heard from it any more, and why is said there

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
        """Why the connection ended: the board was restarted, when it answers again and says so."""
        try:
            with self._connect(self.address) as again:
                said = subprocess.run(again.words(["cat", BOOT]), capture_output=True, text=True).stdout.strip()
        except HostError as error:
            return connection_failure(self.address, str(error))
        return restart_failure(self.address) if said and said != self.boot else connection_failure(self.address)

    @contextmanager
    def explain_failures(self) -> Iterator[None]:
        """What fails inside because the connection is gone, or the disk full, is said to have failed for that."""
        try:
            yield
        except BoardError:
            raise
        except (HostError, requests.RequestException, OSError) as error:
            if isinstance(error.__cause__, BoardError):  # said already, with what to do
                raise
            if not self.connection.alive():
                raise self.find_failure() from error
            if is_disk_full(str(error)):
                raise disk_failure(self.address, self.cache, str(error)) from error
            raise

    def require_same_boot(self) -> None:
        """Raise BoardError when the board is not the boot that this connection was made to."""
        if text(self, BOOT) != self.boot:
            raise restart_failure(self.address)

    # What every Host can do.

    def read(self, path: str) -> bytes | None:
        """All of a file; None when it is not there or may not be read."""
        content = self.call("read", path=path)
        return None if content is None else base64.b64decode(content)

    def glob(self, pattern: str) -> list[str]:
        """The paths that a shell's pattern stands for, sorted."""
        return list(self.call("find", pattern=pattern))

    def stat(self, path: str) -> Node | None:
        """What is at a path, links followed; None when nothing is."""
        found = self.call("status", path=path)
        return None if found is None else Node(**found)

    def write(self, path: str, text: str) -> None:
        """Write to a file that is there, as settings of the kernel are made. Raises OSError."""
        self.call("write", path=path, text=text)

    def run(self, words: Sequence[str], timeout: float = 30.0) -> CommandResult:
        """Run a command to its end, with nothing on its standard input. One that is not there ends with NOT_FOUND."""
        return CommandResult(**self.call("run", words=list(words), timeout=timeout))

    def launch(self, words: Sequence[str], hear: Callable[[str, bytes], None], **how: Any) -> dict[str, Any]:
        """Run a launch; `hear` is given `out` or `err` and a piece of it. How it ended, by the board's clock."""

        def pass_on(answer: dict[str, Any]) -> None:
            for pipe, piece in answer.items():
                hear(pipe, base64.b64decode(piece))

        try:
            return dict(self._ask("launch", {"words": list(words), **how}, pass_on))
        except BaseException:
            self._say(b"kill\n")
            raise
