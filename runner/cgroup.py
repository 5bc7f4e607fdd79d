"""What the kernel says of this process's control group, in both versions of control groups.

`proc` and `sys` are where those trees are; tests bring their own.
"""

import os


def memory_peak(proc="/proc", sys="/sys"):
    """The most memory that was charged to this process's control group, in bytes. None for a machine's root group."""
    text = _of_group("memory", "memory.max_usage_in_bytes", "memory.peak", proc, sys)
    return int(text) if text else None


def memory_limit(proc="/proc", sys="/sys"):
    """The memory limit of this process's control group, in bytes; None where there is none."""
    text = _of_group("memory", "memory.limit_in_bytes", "memory.max", proc, sys)
    # Version 1 says a number near the largest instead of `max`.
    return int(text) if text and text.strip() != "max" and int(text) < 1 << 60 else None


def cpu_quota(proc="/proc", sys="/sys"):
    """How much CPU time this process's control group may use: `200000/100000`, in us of each period; None: all."""
    quota = _of_group("cpu", "cpu.cfs_quota_us", "cpu.max", proc, sys)
    if not quota or quota.split()[0] in ("max", "-1"):
        return None
    period = quota.split()[1:] or (_of_group("cpu", "cpu.cfs_period_us", "cpu.max", proc, sys) or "").split()
    return "{}/{}".format(quota.split()[0], period[0] if period else "?")


def _of_group(controller, name, name_2, proc, sys):
    """A file of this process's control group: `name` in version 1, `name_2` in version 2. None of the root group."""
    for line in (_read(os.path.join(proc, "self/cgroup")) or "").splitlines():
        _, controllers, path = line.split(":", 2)
        if not controllers:
            mount, file = os.path.join(sys, "fs/cgroup"), name_2  # the root group has no such file
        elif controller in controllers.split(","):
            mount, file = os.path.join(sys, "fs/cgroup", controller), name
        else:
            continue
        # A container may see its group's path from outside, and yet have that group as the root of its mount.
        for folder in (os.path.join(mount, path.lstrip("/")), mount):
            if os.path.exists(os.path.join(folder, "release_agent")):
                continue  # version 1's root group: the whole machine
            text = _read(os.path.join(folder, file))
            if text:
                return text
    return None


def _read(path):
    try:
        with open(path, encoding="ascii", errors="replace") as stream:
            return stream.read()
    except OSError:
        return None
