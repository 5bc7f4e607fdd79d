"""One measurement or build at a time on a host: they would time each other."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO

from rich.console import Console

from bench.core.errors import HostError
from bench.core.paths import cache


@contextmanager
def reserved() -> Iterator[None]:
    """Hold the host. The kernel lets go when the process ends, however it ends.

    Raises HostError when another bench has it, or waits for that one where EDGEBENCH_WAIT=1.
    """
    path = cache() / "host.lock"
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            _wait(lock)
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        yield


def _wait(lock: TextIO) -> None:
    lock.seek(0)
    holder = f"another bench measures or builds on this host (process {lock.read().strip() or 'unknown'})"
    if os.environ.get("EDGEBENCH_WAIT") != "1":
        raise HostError(holder, "wait for it, or let bench do so with EDGEBENCH_WAIT=1: they would time each other")
    Console(stderr=True).print(f"waiting: {holder}", highlight=False, soft_wrap=True)
    fcntl.flock(lock, fcntl.LOCK_EX)  # asleep in the kernel: looking again and again would be seen in what is measured
