"""Runs a command as a plain process of the host, for the rootfs and the native arm."""

import os
import selectors
import signal
import subprocess
from collections.abc import Sequence
from time import monotonic, monotonic_ns

from bench.arms.launch import Outcome, Spec, by_signal, environment, tail
from bench.core.errors import HostError


def run(command: Sequence[str], spec: Spec) -> Outcome:
    """Run a command pinned to the launch's CPUs and wait for it without polling. Raises HostError.

    The process ends with bench (`setpriv --pdeathsig`), even when bench is killed with SIGKILL.
    """
    pinned = ["setpriv", "--pdeathsig", "KILL", "taskset", "--cpu-list", spec.cpus, *command]
    start = monotonic_ns()
    try:
        process = subprocess.Popen(
            pinned,
            cwd="/",
            env=environment(spec.threads, spec.grant.environment),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,  # Ctrl-C must reach bench alone, which then ends the launch
        )
    except FileNotFoundError as error:
        raise HostError(
            f"{error.filename} is not on this host", "install util-linux, or use --arms container"
        ) from None
    started = monotonic_ns()
    with process:
        try:
            out, err, timed_out = _listen(process, spec)
        except BaseException:
            _end(process)
            raise
    wall = monotonic_ns() - start
    reason, message = None, None
    if timed_out:
        reason, message = "timeout", f"no result after {spec.timeout:.0f} s"
    elif process.returncode < 0:
        reason, message = by_signal("runner", -process.returncode)
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


def _listen(process: "subprocess.Popen[bytes]", spec: Spec) -> tuple[bytes, bytes, bool]:
    """The process's standard output, its standard error, and whether it was ended by the timeout."""
    assert process.stdout
    assert process.stderr
    said: dict[int, list[bytes]] = {process.stdout.fileno(): [], process.stderr.fileno(): []}
    timed_out, end = False, monotonic() + spec.timeout
    with selectors.DefaultSelector() as pipes:
        for pipe in said:
            pipes.register(pipe, selectors.EVENT_READ)
        while pipes.get_map():
            ready = pipes.select(None if timed_out else max(0.0, end - monotonic()))
            if not ready and not timed_out:
                timed_out = True
                _end(process)
            for key, _ in ready:
                if piece := os.read(key.fd, 1 << 16):
                    said[key.fd].append(piece)
                    if spec.hear and key.fd == process.stdout.fileno():
                        spec.hear(piece)
                else:
                    pipes.unregister(key.fd)
    out, err = (b"".join(pieces) for pieces in said.values())
    try:
        process.wait(None if timed_out else max(0.0, end - monotonic()))
    except subprocess.TimeoutExpired:  # it closed its pipes and lives on
        timed_out = True
        _end(process)
    return out, err, timed_out


def _end(process: "subprocess.Popen[bytes]") -> None:
    # The process has its own session and so its own group: its children end with it.
    os.killpg(process.pid, signal.SIGKILL)
