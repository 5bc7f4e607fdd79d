"""What a launch is given and allowed, and how its end is read."""

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from bench.arms import container, process
from bench.arms.launch import Spec, environment
from bench.core.errors import HostError
from bench.images.venvs import find_python

SPEC = Spec(
    launch="host/tflite/cifarnet/fp32/container/1",
    run_id="20261123T101500-a1b2c3",
    framework="tflite",
    request=Path("/cache/requests/a.json"),
    mounts=[Path("/cache/requests"), Path("/cache/models/blobs/b")],
    cpus="0",
    threads=1,
    timeout=20.0,
)


def test_a_container_may_do_no_more_than_it_needs():
    words = container.options(SPEC)
    assert words["network_mode"] == "none"
    assert words["read_only"] is True
    assert words["cap_drop"] == ["ALL"]
    assert words["security_opt"] == ["no-new-privileges"]
    assert words["cpuset_cpus"] == "0"
    assert words["labels"] == {"org.edgebench.run": SPEC.run_id}
    assert words["mem_limit"] is None
    assert all(mount["ReadOnly"] and mount["Source"] == mount["Target"] for mount in words["mounts"])
    assert "privileged" not in words
    assert words["name"] == "edgebench-20261123T101500-a1b2c3-host-tflite-cifarnet-fp32-container-1"


def test_the_environment_is_ours_alone_and_names_the_threads(monkeypatch):
    monkeypatch.setenv("SECRET", "1")
    assert "SECRET" not in environment(2)
    assert environment(2)["OMP_NUM_THREADS"] == "2"
    assert environment(2).keys() == environment(8).keys()


@pytest.mark.parametrize(
    ("state", "timed_out", "reason"),
    [
        ({"ExitCode": 0, "OOMKilled": False}, False, None),
        ({"ExitCode": 1, "OOMKilled": False}, False, None),
        ({"ExitCode": 137, "OOMKilled": True}, False, "out-of-memory"),
        ({"ExitCode": 137, "OOMKilled": False}, True, "timeout"),
        ({"ExitCode": 137, "OOMKilled": False}, False, "killed"),
        ({"ExitCode": 139, "OOMKilled": False}, False, "signal"),
        ({"ExitCode": 134, "OOMKilled": False}, False, "signal"),
        ({"ExitCode": 255, "OOMKilled": False}, False, None),  # what a program ended with by itself
    ],
)
def test_the_end_of_a_container_is_read(state, timed_out, reason):
    assert container._why(state, SPEC, timed_out)[0] == reason


@pytest.mark.parametrize(
    ("number", "told"),
    [
        (11, "the container was ended by signal 11 (SIGSEGV)"),
        (6, "the container was ended by signal 6 (SIGABRT)"),
        (40, "the container was ended by signal 40"),
    ],
)
def test_a_signal_is_said_by_name(number, told):
    assert container._why({"ExitCode": 128 + number}, SPEC, False) == ("signal", told)


def run(code: str, **changed):
    spec = Spec(**{**SPEC.__dict__, **changed})
    return process.run([sys.executable, "-c", code], spec)


def test_a_process_gets_its_cpus_and_environment_and_nothing_else():
    outcome = run("import os; print(sorted(os.sched_getaffinity(0)), sorted(os.environ), os.getcwd())")
    assert outcome.stdout.decode().split("]")[0] == "[0"
    assert "SECRET" not in outcome.stdout.decode()
    assert (outcome.exit_code, outcome.reason) == (0, None)
    assert 0 < outcome.wall_ns < 20e9


def test_a_process_that_takes_too_long_is_ended_with_what_it_started():
    marker = "sleep 86399"
    outcome = run(f"import subprocess; subprocess.run('{marker}'.split())", timeout=1.0)
    assert outcome.reason == "timeout"
    listed = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True).stdout
    assert marker not in listed.splitlines()


def test_a_killed_process_is_said_to_be_killed():
    outcome = run("import os; os.kill(os.getpid(), 9)")
    assert outcome.reason == "killed"
    assert outcome.message is not None
    assert str(int(signal.SIGKILL)) in outcome.message


def test_a_crash_is_told_apart_from_a_kill():
    outcome = run("import os; os.abort()")
    assert (outcome.reason, outcome.message) == ("signal", "the runner was ended by signal 6 (SIGABRT)")


def test_what_it_complained_of_is_kept():
    assert run("import sys; sys.exit('oh no')").stderr == "oh no"


def test_a_python_that_is_not_there_is_said():
    with pytest.raises(HostError, match=r"Python 3\.1 is not on this host"):
        find_python("3.1")


def test_what_it_says_is_heard_while_it_runs():
    heard = []
    code = "import sys, time\nfor n in range(3): print(n, flush=True); time.sleep(0.3)"
    outcome = run(code, hear=lambda piece: heard.append((time.monotonic(), piece)))
    assert b"".join(piece for _, piece in heard) == outcome.stdout == b"0\n1\n2\n"
    assert heard[-1][0] - heard[0][0] > 0.3, "not all at its end"


def test_a_process_ends_with_what_goes_wrong_in_hearing_it():
    marker = "sleep 86398"

    def broken(piece):
        raise HostError("the disk is full")

    with pytest.raises(HostError, match="disk is full"):
        run(f"import subprocess; print(1, flush=True); subprocess.run('{marker}'.split())", hear=broken)
    listed = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True).stdout
    assert marker not in listed.splitlines()


def test_a_process_that_only_closes_its_pipes_is_waited_for():
    code = "import os, time; os.close(1); os.close(2); time.sleep({}); os._exit(7)"
    assert run(code.format(0.3)).exit_code == 7
    assert run(code.format(60), timeout=0.5).reason == "timeout"
