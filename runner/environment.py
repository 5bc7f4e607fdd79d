"""What the kernel says of this process. Every function reads below `proc` and `sys`, so that tests can bring their own.

What a kernel does not tell is None: old ones lack fields, and some systems have no /proc at all.
"""

import os
import re

# Our name of a fact and the line of /proc/self/status that holds it.
STATUS = {
    "seccomp": "Seccomp",
    "no_new_privs": "NoNewPrivs",
    "cap_eff": "CapEff",
    "speculation_store_bypass": "Speculation_Store_Bypass",
}

# Variables that frameworks and loaders read. Of any other only the name is told: its value may be a secret.
TOLD = re.compile(
    r"(HOME|HOSTNAME|LANG|PATH|PWD|TMPDIR|TZ)$|"
    r"PYTHON[A-Z]*$|"
    r"(DNNL|GLIBC|GOMP|KMP|LC|LD|MALLOC|MKL|NUMEXPR|OMP|ONEDNN|OPENBLAS|ORT|OV|TF|TORCH|XNNPACK)_(?!VAR_)"
)


def variables(environ=None):
    """The environment of this process: name to value, or to None where the value is nobody's business."""
    environ = os.environ if environ is None else environ
    return {name: value if TOLD.match(name) else None for name, value in sorted(environ.items())}


def kernel(proc="/proc"):
    """What a container changes about a process: filters, privileges, mitigations, control groups, namespaces."""
    status = _status(proc)
    facts = {name: status.get(line) for name, line in STATUS.items()}
    facts["cgroup"] = (_read(os.path.join(proc, "self/cgroup")) or "").splitlines() or None
    facts["namespaces"] = _namespaces(os.path.join(proc, "self/ns"))
    return facts


def affinity():
    """The numbers of the CPUs that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return sorted(os.sched_getaffinity(0))
    return list(range(os.cpu_count() or 1))


def rss_peak(proc="/proc"):
    """The most memory this process ever had resident, in bytes."""
    text = _status(proc).get("VmHWM")
    return int(text.split()[0]) * 1024 if text else None


def cgroup_peak(proc="/proc", sys="/sys"):
    """The most memory that was charged to this process's control group, in bytes. None for a machine's root group."""
    for line in (_read(os.path.join(proc, "self/cgroup")) or "").splitlines():
        _, controllers, path = line.split(":", 2)
        if not controllers:
            mount, name = os.path.join(sys, "fs/cgroup"), "memory.peak"  # version 2; the root group has no such file
        elif "memory" in controllers.split(","):
            mount, name = os.path.join(sys, "fs/cgroup/memory"), "memory.max_usage_in_bytes"
        else:
            continue
        # A container may see its group's path from outside, and yet have that group as the root of its mount.
        for folder in (os.path.join(mount, path.lstrip("/")), mount):
            if os.path.exists(os.path.join(folder, "release_agent")):
                continue  # version 1's root group: the whole machine
            text = _read(os.path.join(folder, name))
            if text:
                return int(text)
    return None


def _status(proc):
    lines = (_read(os.path.join(proc, "self/status")) or "").splitlines()
    return {name: value.strip() for name, _, value in (line.partition(":") for line in lines)}


def _namespaces(folder):
    try:
        return {name: os.readlink(os.path.join(folder, name)) for name in sorted(os.listdir(folder))}
    except OSError:
        return None


def _read(path):
    try:
        with open(path, encoding="utf-8", errors="replace") as stream:
            return stream.read()
    except OSError:
        return None
