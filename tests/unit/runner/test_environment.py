"""What the kernel says, from folders that look like /proc and /sys."""

import os
import time

import pytest

from runner import FIRST_LINE_NS, environment

STATUS = """Name:\tpython
VmHWM:\t  20480 kB
CapEff:\t0000000000000000
CapBnd:\t00000000a80425fb
NoNewPrivs:\t1
Seccomp:\t2
Speculation_Store_Bypass:\tthread force mitigated
"""
MOUNTS = """20 1 0:30 / / ro,relatime - overlay overlay rw,lowerdir=/a
21 20 8:1 / /opt/venvs rw - ext4 /dev/vda rw
22 20 0:31 / /tmp rw,nosuid - tmpfs tmpfs rw
23 20 8:1 /m /srv/models ro,noatime - ext4 /dev/vda rw
"""


@pytest.fixture
def proc(tmp_path):
    folder = tmp_path / "proc"
    (folder / "self/ns").mkdir(parents=True)
    (folder / "self/status").write_text(STATUS)
    (folder / "self/cgroup").write_text("0::/box\n")
    (folder / "self/ns/pid").symlink_to("pid:[42]")
    (folder / "self/attr").mkdir()
    (folder / "self/attr/current").write_text("docker-default (enforce)\n")
    (folder / "self/mountinfo").write_text(MOUNTS)
    group = tmp_path / "sys/fs/cgroup/box"
    group.mkdir(parents=True)
    (group / "cpu.max").write_text("150000 100000\n")
    (group / "memory.max").write_text("5\n")
    return folder


def test_a_launch_knows_its_restrictions(proc, tmp_path):
    assert environment.kernel(str(proc), str(tmp_path / "sys"), "/opt/venv") == {
        "seccomp": "2",
        "no_new_privs": "1",
        "cap_eff": "0000000000000000",
        "cap_bnd": "00000000a80425fb",
        "speculation_store_bypass": "thread force mitigated",
        "apparmor": "docker-default (enforce)",
        "cgroup": ["0::/box"],
        "namespaces": {"pid": "pid:[42]"},
        "cpu_quota": "150000/100000",
        "memory_limit": 5,
        "filesystem": "overlay ro",
    }


@pytest.mark.parametrize(
    ("folder", "found"),
    [("/opt/venv", "overlay ro"), ("/opt/venvs/x", "ext4 rw"), ("/srv/models", "ext4 ro"), ("/", "overlay ro")],
)
def test_the_file_system_of_a_folder_is_that_of_the_nearest_mount(proc, folder, found):
    assert environment.filesystem(folder, str(proc)) == found


def test_the_start_of_the_process_is_on_the_clock_that_all_share(proc):
    before_us = environment.process_start()
    assert FIRST_LINE_NS - before_us + environment.tick_ns() > 0
    assert before_us < time.monotonic_ns()
    later = 10**9 * 3600
    fields = " ".join(["S", *["0"] * 18, str(later // environment.tick_ns()), "0"])
    (proc / "self/stat").write_text(f"7 (a) b) {fields}")
    asleep = time.clock_gettime_ns(time.CLOCK_BOOTTIME) - time.monotonic_ns()
    assert environment.process_start(str(proc)) == pytest.approx(later - asleep, abs=5e6)


def test_a_system_without_proc_tells_nothing(tmp_path):
    assert set(environment.kernel(str(tmp_path)).values()) == {None}
    assert environment.process_start(str(tmp_path)) is None
    assert environment.rss_peak(str(tmp_path)) is None


def test_the_peak_of_the_process_is_in_bytes(proc):
    assert environment.rss_peak(str(proc)) == 20480 * 1024


def test_the_affinity_is_that_of_the_process():
    assert environment.affinity() == sorted(os.sched_getaffinity(0))
