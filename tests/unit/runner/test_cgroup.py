"""What the kernel says of a control group, from folders that look like those of both versions."""

import pytest

from runner import cgroup


@pytest.fixture
def proc(tmp_path):
    folder = tmp_path / "proc"
    (folder / "self").mkdir(parents=True)
    return folder


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
def test_the_peak_is_found_in_both_versions(proc, tmp_path, line, file, peak):
    (proc / "self/cgroup").write_text(line + "\n")
    path = tmp_path / "sys" / file
    path.parent.mkdir(parents=True)
    path.write_text("5\n")
    assert cgroup.memory_peak(str(proc), str(tmp_path / "sys")) == peak


def test_the_machine_s_root_group_is_nobody_s_peak(proc, tmp_path):
    (proc / "self/cgroup").write_text("4:memory:/\n")
    root = tmp_path / "sys/fs/cgroup/memory"
    root.mkdir(parents=True)
    (root / "memory.max_usage_in_bytes").write_text("5\n")
    (root / "release_agent").write_text("")
    assert cgroup.memory_peak(str(proc), str(tmp_path / "sys")) is None


def files(folder, texts):
    for name, text in texts.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)


@pytest.mark.parametrize(
    ("line", "texts", "limit"),
    [
        ("0::/box", {"fs/cgroup/box/memory.max": "max\n"}, None),
        ("0::/box", {"fs/cgroup/box/memory.max": "4096\n"}, 4096),
        ("4:memory:/box", {"fs/cgroup/memory/box/memory.limit_in_bytes": "9223372036854771712\n"}, None),
        ("4:memory:/box", {"fs/cgroup/memory/memory.limit_in_bytes": "4096\n"}, 4096),
        ("4:memory:/box", {}, None),
    ],
)
def test_no_limit_is_none_in_both_versions(proc, tmp_path, line, texts, limit):
    (proc / "self/cgroup").write_text(line + "\n")
    files(tmp_path / "sys", texts)
    assert cgroup.memory_limit(str(proc), str(tmp_path / "sys")) == limit


@pytest.mark.parametrize(
    ("line", "texts", "quota"),
    [
        ("0::/box", {"fs/cgroup/box/cpu.max": "max 100000\n"}, None),
        ("0::/box", {"fs/cgroup/box/cpu.max": "150000 100000\n"}, "150000/100000"),
        ("4:cpu,cpuacct:/box", {"fs/cgroup/cpu/cpu.cfs_quota_us": "-1\n"}, None),
        (
            "4:cpu,cpuacct:/box",
            {"fs/cgroup/cpu/box/cpu.cfs_quota_us": "150000\n", "fs/cgroup/cpu/box/cpu.cfs_period_us": "50000\n"},
            "150000/50000",
        ),
    ],
)
def test_a_quota_is_that_of_a_period_in_both_versions(proc, tmp_path, line, texts, quota):
    (proc / "self/cgroup").write_text(line + "\n")
    files(tmp_path / "sys", texts)
    assert cgroup.cpu_quota(str(proc), str(tmp_path / "sys")) == quota
