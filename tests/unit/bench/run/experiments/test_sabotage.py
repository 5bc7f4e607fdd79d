"""Sabotage itself: what it does to an arm, and that it is gone afterwards."""

import os
import time
from itertools import pairwise
from pathlib import Path

import pytest

from bench.arms.launch import Outcome, Spec
from bench.hosts.monitor import Watch
from bench.run.experiments.sabotage import LoadedArm, ThrottledArm, Throttles, _rebuilt, spinning
from bench.run.experiments.selftest_arms import SlowArm
from runner.libraries import identity

CPU = str(min(os.sched_getaffinity(0)))
SPEC = Spec(
    launch="c/native/1", run_id="r", framework="f", request=Path("q"), mounts=(), cpus=CPU, threads=1, timeout=9
)


class Arm:
    """Remembers what it launched."""

    name = "native"

    def __init__(self, during=lambda: None) -> None:
        self.during, self.specs = during, []

    def prepare(self, framework: str) -> None:
        """Nothing."""

    def launch(self, spec: Spec) -> Outcome:
        """Nothing."""
        self.specs.append(spec)
        self.during()
        return Outcome(start_ns=0, wall_ns=1, stdout=b"", stderr="", exit_code=0)


def test_a_process_spins_on_each_cpu_and_is_gone_afterwards():
    with spinning(CPU) as processes:
        [number] = processes
        end = time.monotonic() + 30
        while used(number) < 5 and time.monotonic() < end:
            time.sleep(0.02)
        assert used(number) >= 5, "it computes"
    assert not Path(f"/proc/{number}").exists()


def used(process: int) -> int:
    """Ticks of CPU time."""
    return int(Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[11])


def test_other_processes_compute_beside_a_loaded_launch():
    seen, others = [], children()  # other tests may have left this process some
    arm = LoadedArm("x", Arm(lambda: seen.append(children() - others)))
    arm.launch(SPEC)
    assert len(seen[0]) == 1
    assert not children() & seen[0]


def children() -> set[str]:
    path = Path(f"/proc/self/task/{os.getpid()}/children")
    return set(path.read_text().split())


def test_one_more_throttling_flags_that_launch_and_no_other(tmp_path):
    throttles = Throttles(tmp_path / "machine")
    watch, arm = Watch([0], throttles.root), ThrottledArm("x", Arm(), throttles)
    readings = [watch.read()]
    arm.launch(SPEC)
    readings.append(watch.read())
    Arm().launch(SPEC)
    readings.append(watch.read())
    flagged = [watch.window(*pair, None)["flags"] for pair in pairwise(readings)]
    assert "throttled" in flagged[0]
    assert "throttled" not in flagged[1]


def test_the_tree_with_the_throttles_is_otherwise_the_machine(tmp_path):
    ours, real = Watch([0], Throttles(tmp_path / "machine").root).read(), Watch([0]).read()
    assert ours["cpus_all"] == real["cpus_all"]
    assert ours.keys() == real.keys()
    assert (ours["cooling"], ours["firmware"]) == (real["cooling"], real["firmware"])


def test_a_slowed_launch_has_the_same_request_but_for_the_share(tmp_path, monkeypatch):
    monkeypatch.setenv("EDGEBENCH_CACHE", str(tmp_path))
    request = tmp_path / "q.json"
    request.write_text('{"threads": 2}')
    inner = Arm()
    SlowArm("x", inner, 0.05).launch(SPEC.__class__(**{**SPEC.__dict__, "request": request}))
    assert inner.specs[0].request.read_text().split() == ["{", '"slowdown":', "0.05,", '"threads":', "2", "}"]


def test_another_build_differs_in_its_build_id_alone(tmp_path):
    library = next((path for path in Path("/lib").rglob("libc.so.6") if path.is_file()), None)
    if library is None:
        pytest.skip("no C library to copy")
    copy = tmp_path / "libc.so.6"
    copy.write_bytes(_rebuilt(library))
    assert identity(str(copy)) != identity(str(library))
    assert copy.stat().st_size == library.stat().st_size
    plain = tmp_path / "plain.so"
    plain.write_bytes(b"no ELF")
    copy.write_bytes(_rebuilt(plain))
    assert identity(str(copy)) != identity(str(plain))
