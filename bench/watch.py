"""Noticing that a run has grown, without getting in its way."""

import os
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

from bench.journal_reader import JOURNAL


def growth(runs: Sequence[Path], seconds: float) -> Iterator[None]:
    """Once at the start, and then each time when a journal of these run folders has grown; looks every `seconds`."""
    seen: list[int] | None = None
    while True:
        sizes = [_size(run / JOURNAL) for run in runs]
        if sizes != seen:
            seen = sizes
            yield
        time.sleep(seconds)


def stand_back() -> None:
    """Give this process only the time that nobody else wants: it may share the machine with what is being timed."""
    with suppress(OSError, AttributeError):  # not every system has the policy
        os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
    with suppress(OSError):
        os.nice(19)


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return -1
