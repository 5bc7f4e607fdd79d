"""Writes a run's folder: `run.json` once, and one line of `journal.jsonl` per launch (docs/results.md).

When `append` returns, the line is on the disk; if `append` fails, no part of the line stays. `bench.journal.reader`
reads the files; its names are re-exported here.
"""

import fcntl
import json
import math
import mmap
import os
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from bench.core.errors import HostError
from bench.journal.reader import JOURNAL, RUN, Run, read

__all__ = ["Journal", "Run", "dumps", "read", "write_json", "write_run"]

TORN = "journal.torn"


class Journal:
    """The only writer of a run's journal. `torn` is the incomplete line that an interrupted writer left, or None.

    Raises HostError if another process writes to this run, or the folder is not writable.
    """

    def __init__(self, directory: Path) -> None:
        self.path = directory / JOURNAL
        try:
            # Append mode: even a wrong offset cannot overwrite a line. Python closes the descriptor in child
            # processes, so a launch that outlives bench does not keep the lock.
            self._fd = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o644)
        except OSError as error:
            raise _unwritable(self.path, error) from error
        try:
            self._lock()
            self.torn = self._set_torn_line_aside()
            _sync_folder(directory)
        except OSError as error:
            self.close()
            raise _unwritable(self.path, error) from error
        except BaseException:
            self.close()
            raise

    def append(self, record: dict[str, Any]) -> None:
        """Add one line and sync it to the disk. Raises HostError; then no part of the line stays."""
        line = (dumps(record) + "\n").encode()
        before = os.fstat(self._fd).st_size
        try:
            rest = memoryview(line)
            while rest:  # a full disk takes a part first, then refuses
                rest = rest[os.write(self._fd, rest) :]
            os.fsync(self._fd)
        except BaseException as error:  # including Ctrl-C: no half line stays
            with suppress(OSError):
                os.ftruncate(self._fd, before)
                os.fsync(self._fd)
            if isinstance(error, OSError):
                raise _unwritable(self.path, error) from error
            raise

    def close(self) -> None:
        """Close the file and release the lock."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self.close()

    def _lock(self) -> None:
        try:
            fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise HostError(f"another bench is writing to {self.path}", "wait for it, or stop it first") from None

    def _set_torn_line_aside(self) -> str | None:
        """Move the text after the last newline to `journal.torn`: only a complete line is a launch."""
        size = os.fstat(self._fd).st_size
        if not size:
            return None
        with mmap.mmap(self._fd, 0, access=mmap.ACCESS_READ) as content:
            whole = content.rfind(b"\n") + 1
            torn = content[whole:]
        if not torn:
            return None
        with (self.path.parent / TORN).open("ab") as aside:
            aside.write(torn + b"\n")
            aside.flush()
            os.fsync(aside.fileno())
        os.ftruncate(self._fd, whole)
        os.fsync(self._fd)
        return torn.decode("utf-8", "replace")


def write_run(directory: Path, run: dict[str, Any]) -> None:
    """Write `run.json` atomically; make its folder. Raises HostError."""
    write_json(directory / RUN, run)


def write_json(target: Path, value: Any) -> None:
    """Write a file atomically; make its folder. Raises HostError."""
    directory, draft = target.parent, target.with_name(f".{target.name}.{os.getpid()}")
    try:
        directory.mkdir(parents=True, exist_ok=True)
        try:
            with draft.open("w", encoding="utf-8") as stream:
                stream.write(dumps(value, indent=2) + "\n")
                stream.flush()
                os.fsync(stream.fileno())
            draft.replace(target)
        finally:
            draft.unlink(missing_ok=True)
        _sync_folder(directory)
    except OSError as error:
        raise _unwritable(target, error) from error


def dumps(value: Any, indent: int | None = None) -> str:
    """Return strict JSON text; NaN and infinity become null."""
    separators = (",", ":") if indent is None else None
    try:
        return json.dumps(value, allow_nan=False, indent=indent, separators=separators)
    except ValueError:
        return json.dumps(_finite(value), allow_nan=False, indent=indent, separators=separators)


def _finite(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _finite(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(inner) for inner in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _unwritable(path: Path, error: OSError) -> HostError:
    """Return an error with a hint for the two usual causes."""
    hint = "make room on the disk, or see to the permission to write there; every line so far is whole"
    return HostError(f"cannot write {path}: {error.strerror or error}", hint)


def _sync_folder(directory: Path) -> None:
    """Sync a folder: a new file name is durable only after that."""
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
