"""One measurement or build at a time on a host: they would time each other."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager

from bench.errors import HostError
from bench.paths import cache


@contextmanager
def reserved() -> Iterator[None]:
    """Hold the host. The kernel lets go when the process ends, however it ends. Raises HostError when it is taken."""
    path = cache() / "host.lock"
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            raise HostError(
                f"another bench measures or builds on this host (process {lock.read().strip() or 'unknown'})",
                "wait for it: they would time each other",
            ) from None
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        yield
