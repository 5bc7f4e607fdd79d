"""What the kernel says, from folders that look like /proc and /sys."""

import os

import pytest

from runner import environment

STATUS = """Name:\tpython
VmHWM:\t  20480 kB
CapEff:\t0000000000000000
NoNewPrivs:\t1
Seccomp:\t2
Speculation_Store_Bypass:\tthread force mitigated
"""


@pytest.fixture
def proc(tmp_path):
    folder = tmp_path / "proc"
    (folder / "self/ns").mkdir(parents=True)
    (folder / "self/status").write_text(STATUS)
    (folder / "self/cgroup").write_text("0::/box\n")
    (folder / "self/ns/pid").symlink_to("pid:[42]")
    return folder


def test_a_launch_knows_its_restrictions(proc):
    assert environment.kernel(str(proc)) == {
        "seccomp": "2",
        "no_new_privs": "1",
        "cap_eff": "0000000000000000",
        "speculation_store_bypass": "thread force mitigated",
        "cgroup": ["0::/box"],
        "namespaces": {"pid": "pid:[42]"},
    }


def test_a_system_without_proc_tells_nothing(tmp_path):
    assert set(environment.kernel(str(tmp_path)).values()) == {None}
    assert environment.rss_peak(str(tmp_path)) is None
    assert environment.cgroup_peak(str(tmp_path), str(tmp_path)) is None


def test_the_peak_of_the_process_is_in_bytes(proc):
    assert environment.rss_peak(str(proc)) == 20480 * 1024


@pytest.mark.parametrize(
    ("line", "file", "peak"),
    [
        ("0::/box", "fs/cgroup/box/memory.peak", 5),
        ("0::/", "fs/cgroup/memory.peak", 5),  # version 2, in a namespace of its own
        ("4:memory:/docker/1", "fs/cgroup/memory/docker/1/memory.max_usage_in_bytes", 5),
        ("4:memory:/docker/1", "fs/cgroup/memory/memory.max_usage_in_bytes", 5),  # the path is that of outside
        ("4:cpu:/box", "fs/cgroup/memory/memory.max_usage_in_bytes", None),
        ("0::/box", "fs/cgroup/box/memory.current", None),  # a kernel before 5.19
    ],
)
def test_the_peak_of_the_group_is_found_in_both_versions(proc, tmp_path, line, file, peak):
    (proc / "self/cgroup").write_text(line + "\n")
    path = tmp_path / "sys" / file
    path.parent.mkdir(parents=True)
    path.write_text("5\n")
    assert environment.cgroup_peak(str(proc), str(tmp_path / "sys")) == peak


def test_the_machine_s_root_group_is_nobody_s_peak(proc, tmp_path):
    (proc / "self/cgroup").write_text("4:memory:/\n")
    root = tmp_path / "sys/fs/cgroup/memory"
    root.mkdir(parents=True)
    (root / "memory.max_usage_in_bytes").write_text("5\n")
    (root / "release_agent").write_text("")
    assert environment.cgroup_peak(str(proc), str(tmp_path / "sys")) is None


def test_the_affinity_is_that_of_the_process():
    assert environment.affinity() == sorted(os.sched_getaffinity(0))
