"""Starting a runner as a plain process of the host; what the rootfs and native arms share."""

import os
import signal
import subprocess
from collections.abc import Sequence
from time import monotonic_ns

from bench.errors import HostError
from bench.launching import Outcome, Spec, environment, tail


def run(command: Sequence[str], spec: Spec) -> Outcome:
    """Run a command pinned to the launch's CPUs and wait for it without polling.

    The process dies with us (`setpriv --pdeathsig`), even when bench is killed with SIGKILL.
    """
    pinned = ["setpriv", "--pdeathsig", "KILL", "taskset", "--cpu-list", spec.cpus, *command]
    start = monotonic_ns()
    try:
        process = subprocess.Popen(
            pinned,
            cwd="/",
            env=environment(spec.threads),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,  # a Ctrl-C is for bench, which then ends the launch itself
        )
    except FileNotFoundError as error:
        raise HostError(
            f"{error.filename} is not on this host", "install util-linux, or use --arms container"
        ) from None
    started = monotonic_ns()
    timed_out = False
    try:
        out, err = process.communicate(timeout=spec.timeout)
    except subprocess.TimeoutExpired:
        timed_out = True
        _end(process)
        out, err = process.communicate()
    except BaseException:
        _end(process)
        process.communicate()
        raise
    wall = monotonic_ns() - start
    reason, message = None, None
    if timed_out:
        reason, message = "timeout", f"no result after {spec.timeout:.0f} s"
    elif process.returncode < 0:
        reason, message = "killed", f"the runner was ended by signal {-process.returncode}"
    return Outcome(
        start_ns=start,
        wall_ns=wall,
        stdout=out,
        stderr=tail(err.decode("utf-8", "replace")),
        exit_code=process.returncode,
        reason=reason,
        message=message,
        started_ns=started,
    )


def _end(process: "subprocess.Popen[bytes]") -> None:
    # Its own session, so its own group: whatever it started goes with it.
    os.killpg(process.pid, signal.SIGKILL)
