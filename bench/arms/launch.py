"""What the arms have in common: what a launch is given, what comes of it, and the one environment of all arms."""

import signal
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from bench.hosts.grant import NO_HARDWARE, Grant

# The argument list of the runner, behind the interpreter; the same in every arm.
RUNNER = ("-m", "runner", "infer", "--request")
HOSTNAME = "edgebench"


@dataclass(frozen=True, kw_only=True)
class Spec:
    """One launch as the arms see it."""

    launch: str
    run_id: str
    framework: str
    request: Path
    mounts: Sequence[Path]  # folders seen read-only, under the same path in every arm
    cpus: str  # a cpuset list such as `0-1`
    threads: int
    timeout: float  # seconds
    memory: int | None = None  # bytes; a limit of the container arm alone
    hear: Callable[[bytes], None] | None = None  # is given standard output piece by piece, as it comes
    grant: Grant = NO_HARDWARE  # what the launch is given of the device's hardware


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What came of a launch. `reason` is set when the arm knows why there is no result (see docs/results.md).

    Times are those of the monotonic clock: when the start was asked for, when the container was there (a process needs
    none), when the start had been carried out, as bench saw it.
    """

    start_ns: int
    wall_ns: int
    stdout: bytes
    stderr: str
    exit_code: int | None
    reason: str | None = None
    message: str | None = None
    created_ns: int | None = None
    started_ns: int | None = None


class Arm(Protocol):
    """A way to launch a cell."""

    name: str

    def prepare(self, framework: str) -> None:
        """Make ready what the framework needs, before anything is timed. Raises HostError."""

    def launch(self, spec: Spec) -> Outcome:
        """Run one launch to its end, leaving nothing behind. Raises HostError when the host itself failed."""


def environment(threads: int, given: Mapping[str, str] | None = None) -> dict[str, str]:
    """The environment of the runner: nothing is inherited, so that all arms get the same. `given` is the device's."""
    return {
        "PATH": "/opt/venv/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        "HOME": "/tmp",
        "HOSTNAME": HOSTNAME,
        "LANG": "C.UTF-8",
        "OMP_NUM_THREADS": str(threads),
        "PYTHONDONTWRITEBYTECODE": "1",
        **(given or {}),
    }


def by_signal(what: str, number: int) -> tuple[str, str]:
    """Why what a signal ended has no result, as a class and in words.

    SIGKILL comes from outside, as from a kernel that has no memory left; others mostly from a crash.
    """
    names = {each.value: each.name for each in signal.Signals}
    said = f" ({names[number]})" if number in names else ""
    reason = "killed" if number == signal.SIGKILL else "signal"
    return reason, f"the {what} was ended by signal {number}{said}"


def tail(text: str, lines: int = 20) -> str:
    """The last lines of what a framework said, for the journal."""
    return "\n".join(text.strip().splitlines()[-lines:])
