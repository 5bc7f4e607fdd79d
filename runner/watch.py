"""What the kernel counted by now: of this process, of the CPUs it may use, and of all CPUs. Read beside a timed window.

Everything is a running total, in integer nanoseconds where it is a time, so two readings say what happened in between.
What a kernel does not tell is None. `proc` and `sys` are where those trees are; tests bring their own.
"""

import os
import resource

from runner.clock import monotonic_ns

TICK_NS = 10**9 // os.sysconf("SC_CLK_TCK")  # what /proc/stat counts in: 10 ms nearly everywhere


def read(cpus, proc="/proc", sys="/sys"):
    """One reading; `cpus` are the numbers of the CPUs that this process may use."""
    mine = resource.getrusage(resource.RUSAGE_SELF)
    reading = {
        "t_ns": monotonic_ns(),
        "cpu_ns": int((mine.ru_utime + mine.ru_stime) * 1e9),
        "wait_ns": run_queue_wait(proc),
        "voluntary": mine.ru_nvcsw,  # context switches: it waited for something
        "involuntary": mine.ru_nivcsw,  # it was made to go
        "major_faults": mine.ru_majflt,
        "khz": frequencies(cpus, sys),
    }
    reading.update(cpu_times(cpus, proc))
    return reading


def cpu_times(cpus: list, proc: str = "/proc") -> dict:
    """Time that CPUs were busy, and that a hypervisor gave to another machine: of `cpus` and of all.

    `busy_ns`, `steal_ns`, `busy_all_ns`, `steal_all_ns` and `cpus_all`, their number.
    """
    wanted = {"cpu{}".format(number) for number in cpus}
    busy, steal, busy_all, steal_all, count = 0, 0, 0, 0, 0
    for line in (_read(os.path.join(proc, "stat")) or "").splitlines():
        name, _, rest = line.partition(" ")
        if not name.startswith("cpu") or name == "cpu":
            continue
        ticks = [int(text) for text in rest.split()] + [0] * 8
        user, nice, system, _, _, irq, softirq, stolen = ticks[:8]  # between them: idle, and idle while a disk works
        working = user + nice + system + irq + softirq
        busy_all, steal_all, count = busy_all + working, steal_all + stolen, count + 1
        if name in wanted:
            busy, steal = busy + working, steal + stolen
    if not count:
        return dict.fromkeys(("busy_ns", "steal_ns", "busy_all_ns", "steal_all_ns", "cpus_all"))
    return {
        "busy_ns": busy * TICK_NS,
        "steal_ns": steal * TICK_NS,
        "busy_all_ns": busy_all * TICK_NS,
        "steal_all_ns": steal_all * TICK_NS,
        "cpus_all": count,
    }


def run_queue_wait(proc="/proc"):
    """How long the threads of this process were ready to run and had no CPU, all together."""
    tasks = os.path.join(proc, "self/task")
    try:
        names = os.listdir(tasks)
    except OSError:
        return None
    found = [_read(os.path.join(tasks, name, "schedstat")) for name in names]
    waits = [int(text.split()[1]) for text in found if text]  # a thread may have ended since it was listed
    return sum(waits) if waits else None


def frequencies(cpus, sys="/sys"):
    """The frequency of each CPU in kHz; None where the kernel does not tell, as in virtual machines."""
    path = os.path.join(sys, "devices/system/cpu/cpu{}/cpufreq/scaling_cur_freq")
    found = [_read(path.format(number)) for number in cpus]
    return [int(text) for text in found] if found and all(found) else None


def _read(path):
    try:
        with open(path, encoding="ascii", errors="replace") as stream:
            return stream.read()
    except OSError:
        return None
