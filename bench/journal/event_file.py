"""A file of events, written as they arrive: they survive when an overheated board switches off."""

import json
import os
import threading
from pathlib import Path
from time import monotonic
from types import TracebackType
from typing import Any, Self

from bench.core.errors import HostError

SYNC = 1.0  # seconds of events that a power cut may lose; syncing each event would keep a memory card busy


class EventFile:
    """One JSON line per event. Any thread may write. Raises HostError if the disk refuses the line."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock, self._synced = threading.Lock(), monotonic()
        try:
            self._stream = path.open("a", encoding="utf-8")
        except OSError as error:
            raise self._unwritable(error) from error

    def append(self, event: dict[str, Any]) -> None:
        """Add one line; it is on the disk after about a second."""
        try:
            with self._lock:
                self._stream.write(json.dumps(event) + "\n")
                self._stream.flush()
                if monotonic() - self._synced >= SYNC:
                    os.fsync(self._stream.fileno())
                    self._synced = monotonic()
        except OSError as error:
            raise self._unwritable(error) from error

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        try:
            self._stream.close()
        except OSError as failed:
            if error is None:
                raise self._unwritable(failed) from failed

    def _unwritable(self, error: OSError) -> HostError:
        return HostError(f"cannot write {self.path}: {error.strerror or error}", "make room on the disk")
