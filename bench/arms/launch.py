"""What the arms share: the specification of a launch, its outcome, and the environment variables of all arms."""

import signal
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from bench.hosts.grant import NO_HARDWARE, Grant

# The runner's arguments after the interpreter; the same in every arm.
RUNNER = ("-m", "runner", "infer", "--request")
HOSTNAME = "edgebench"


@dataclass(frozen=True, kw_only=True)
class Spec:
    """The specification of one launch."""

    launch: str
    run_id: str
    framework: str
    request: Path
    mounts: Sequence[Path]  # folders mounted read-only, under the same path in every arm
    cpus: str  # a cpuset list such as `0-1`
    threads: int
    timeout: float  # seconds
    memory: int | None = None  # limit in bytes, of the container arm only
    hear: Callable[[bytes], None] | None = None  # called with each piece of standard output
    grant: Grant = NO_HARDWARE  # the device's hardware that the launch gets


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """The result of a launch. `reason` is set when the arm knows why there is no result (docs/results.md).

    Times are in ns of the monotonic clock, as bench saw them: `start_ns` when the launch began, `created_ns` when the
    container existed (None for a process), `started_ns` when the start had returned. `wall_ns` is a duration.
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
        """Prepare what the framework needs, before anything is timed. Raises HostError."""

    def launch(self, spec: Spec) -> Outcome:
        """Run one launch to its end and clean up. Raises HostError when the host itself failed."""


def environment(threads: int, given: Mapping[str, str] | None = None) -> dict[str, str]:
    """The runner's environment. Nothing is inherited, so it is the same in all arms. `given` is the device's part."""
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
    """Why a process or container that a signal ended has no result, as a class and in words.

    SIGKILL comes from outside, for example from a kernel without free memory; other signals mostly mean a crash.
    """
    names = {each.value: each.name for each in signal.Signals}
    said = f" ({names[number]})" if number in names else ""
    reason = "killed" if number == signal.SIGKILL else "signal"
    return reason, f"the {what} was ended by signal {number}{said}"


def tail(text: str, lines: int = 20) -> str:
    """The last lines of a framework's output, for the journal."""
    return "\n".join(text.strip().splitlines()[-lines:])
