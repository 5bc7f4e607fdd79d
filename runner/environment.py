"""What the kernel says of this process. Every function reads below `proc` and `sys`, so that tests can bring their own.

What a kernel does not tell is None: old ones lack fields, and some systems have no /proc at all.
"""

import os
import re
import sys
import time

from runner import cgroup
from runner.clock import monotonic_ns

BOOT_CLOCK = getattr(time, "CLOCK_BOOTTIME", 7)  # Python 3.6 has no name for it
# Our name of a fact and the line of /proc/self/status that holds it.
STATUS = {
    "seccomp": "Seccomp",
    "no_new_privs": "NoNewPrivs",
    "cap_eff": "CapEff",
    "cap_bnd": "CapBnd",
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


def kernel(proc="/proc", sysfs="/sys", prefix=sys.prefix):
    """What a container changes about a process: filters, privileges, mitigations, limits, namespaces, its files.

    `filesystem` is that of the folder `prefix`, the interpreter's: its type and `ro` or `rw`.
    """
    status = _status(proc)
    facts = {name: status.get(line) for name, line in STATUS.items()}
    facts["apparmor"] = (_read(os.path.join(proc, "self/attr/current")) or "").strip() or None
    facts["cgroup"] = (_read(os.path.join(proc, "self/cgroup")) or "").splitlines() or None
    facts["namespaces"] = _namespaces(os.path.join(proc, "self/ns"))
    facts["cpu_quota"] = cgroup.cpu_quota(proc, sysfs)
    facts["memory_limit"] = cgroup.memory_limit(proc, sysfs)
    facts["filesystem"] = filesystem(prefix, proc)
    return facts


def process_start(proc="/proc"):
    """When the kernel made this process, in ns of the monotonic clock, rounded down to a tick; None without /proc.

    That is before the program was exec'd: what a runtime or a shell did in the same process first is behind it.
    """
    stat = _read(os.path.join(proc, "self/stat"))
    if not stat:
        return None
    ticks = int(stat.rpartition(")")[2].split()[19])  # the 22nd field; the name, in brackets, may hold anything
    asleep = int(time.clock_gettime(BOOT_CLOCK) * 1e9) - monotonic_ns()  # only one of the two goes on in suspend
    return ticks * tick_ns() - asleep


def tick_ns():
    """What process_start is rounded to."""
    return 10**9 // os.sysconf("SC_CLK_TCK")


def affinity():
    """The numbers of the CPUs that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return sorted(os.sched_getaffinity(0))
    return list(range(os.cpu_count() or 1))


def rss_peak(proc="/proc"):
    """The most memory this process ever had resident, in bytes."""
    text = _status(proc).get("VmHWM")
    return int(text.split()[0]) * 1024 if text else None


def filesystem(folder, proc="/proc"):
    """Type and `ro` or `rw` of the mount that a folder is on; None where the kernel does not tell."""
    best, found = "", None
    for line in (_read(os.path.join(proc, "self/mountinfo")) or "").splitlines():
        words, _, rest = line.partition(" - ")
        point, options = words.split()[4:6]
        below = point.rstrip("/") + "/"
        if (folder.rstrip("/") + "/").startswith(below) and len(below) >= len(best):  # of two at one place the later
            best, found = below, "{} {}".format(rest.split()[0], options.split(",")[0])
    return found


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
