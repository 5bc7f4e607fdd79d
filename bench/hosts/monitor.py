"""Watches the host during a launch: reads its counters before and after, and flags disturbances by one rule.

The rule uses the host's counters, never the latency: a launch is flagged, and may be replaced, because the host
disturbed it, not because it was slow. Excluding slow launches would remove the effect that is measured
(docs/method.md).
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import monotonic_ns
from typing import Any

from runner.watch import TICK_NS, cpu_times

# All thresholds. Unless noted, they are shares of the time of the launch's CPUs in the timed part.
STEAL = 0.01  # a hypervisor took the CPU: the launch loses all of this time, and 1 % is the finest verdict
# Other processes ran on the launch's CPUs. They also use idle gaps, so not all of it is lost; on an idle host it is
# below 1 %.
FOREIGN = 0.05
NEIGHBOURS = 0.25  # of the machine's other CPUs: they share memory, cache and heat with the launch, but not time
TICKS = 3  # the kernel counts in ticks of 10 ms on each CPU: fewer ticks than this may be chance
FREQUENCY = 0.05  # change of the clock between before and after: the medians of both halves would differ as much
WAIT = 0.05  # of the threads' time: ready to run, but without a CPU
PRESSURE = 0.01  # of the whole launch: some process of the machine waited for memory

# The flags for which a launch is replaced: an arm cannot cause these itself. Waiting and memory pressure are only
# reported: an arm with a CPU quota always waits, and one with a memory limit is short of memory.
REPLACED_FOR = ("steal", "foreign-load", "busy-neighbours", "frequency", "throttled")
MOST_REPLACED = 2
IN_VAIN = 3  # disturbed launches in a row after which none is replaced, until one is undisturbed

# The types of cooling devices that reduce speed; fans do not.
_SLOWING = re.compile(r"cpufreq|devfreq|throttle|balanced|processor", re.IGNORECASE)
_FIRMWARE = "sys/devices/platform/soc/soc:firmware/get_throttled"  # Raspberry Pi
_PRESSURE = ("cpu", "memory", "io")


@dataclass(frozen=True)
class Watch:
    """Reads a host below `root`; `cpus` are those of the launches."""

    cpus: Sequence[int]
    root: Path = Path("/")

    def read(self) -> dict[str, Any]:
        """The kernel's counters at this moment; None for unknown ones."""
        return {
            "t_ns": monotonic_ns(),
            **cpu_times(list(self.cpus), str(self.root / "proc")),
            "throttles": _sum(self.root.glob("sys/devices/system/cpu/cpu[0-9]*/thermal_throttle/*_throttle_count")),
            "cooling": _sum(
                folder / "cur_state"
                for folder in self.root.glob("sys/class/thermal/cooling_device[0-9]*")
                if _SLOWING.search(_text(folder / "type") or "")
            ),
            "firmware": _hex(_text(self.root / _FIRMWARE)),
            "pressure": {name: _stalled(_text(self.root / "proc/pressure" / name)) for name in _PRESSURE},
        }

    def window(self, before: Mapping[str, Any], after: Mapping[str, Any], said: Any) -> dict[str, Any]:
        """The `host_window` of a launch (docs/results.md) from both readings and the runner's event `watch`."""
        found = {"launch": _launch(before, after), "timed": _timed(said, len(self.cpus))}
        return {**found, "flags": flags(found)}


def flags(window: Mapping[str, Any]) -> list[str]:
    """The disturbances of a launch, by the thresholds above. An unknown counter sets no flag."""
    launch, timed = window["launch"], window["timed"] or {}
    seconds = timed.get("seconds") or 0.0
    ours = seconds * timed.get("cpus", 0)
    others = seconds * (timed.get("cpus_all") or 0) - ours
    found = {
        "steal": _reaches(timed.get("steal"), STEAL, ours),
        "foreign-load": _reaches(timed.get("foreign"), FOREIGN, ours),
        "busy-neighbours": _reaches(timed.get("neighbours"), NEIGHBOURS, others),
        "frequency": _changed(timed.get("khz")),
        "throttled": bool(launch["throttled"]),
        "preempted": (timed.get("wait") or 0.0) >= WAIT * ours > 0,
        "memory-pressure": (launch["pressure"]["memory"] or 0.0) >= PRESSURE * launch["seconds"] > 0,
    }
    return [name for name, true in found.items() if true]


def replaceable(flagged: Sequence[str]) -> bool:
    """Whether one of these flags is a reason to replace the launch."""
    return any(flag in REPLACED_FOR for flag in flagged)


def _reaches(seconds: float | None, share: float, of: float) -> bool:
    return seconds is not None and of > 0 and seconds >= share * of and seconds >= TICKS * TICK_NS / 1e9


def _changed(khz: Sequence[float] | None) -> bool:
    return khz is not None and not 1 - FREQUENCY < khz[1] / khz[0] < 1 + FREQUENCY


def _launch(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, Any]:
    """The whole launch, in seconds. Busy includes the launch's own work and the engine's."""
    risen = (after["throttles"] or 0) > (before["throttles"] or 0)
    cooling = max(before["cooling"] or 0, after["cooling"] or 0) > 0
    old, new = (reading["firmware"] or 0 for reading in (before, after))
    firmware = new & 0xF or (new >> 16 & ~(old >> 16)) & 0xF  # active now, or set since the reading before the launch
    known = any(after[key] is not None for key in ("throttles", "cooling", "firmware"))
    return {
        "seconds": _between(before, after, "t_ns"),
        **{name: _between(before, after, f"{name}_ns") for name in ("busy", "steal", "busy_all", "steal_all")},
        "throttled": bool(risen or cooling or firmware) if known else None,
        "pressure": {name: _between(before["pressure"], after["pressure"], name) for name in _PRESSURE},
    }


def _timed(said: Any, cpus: int) -> dict[str, Any] | None:
    """The timed part, in seconds, from the runner's counters; None when it has none."""
    try:
        before, after = said["before"], said["after"]
        times = {
            name: _between(before, after, f"{name}_ns")
            for name in ("t", "cpu", "busy", "steal", "busy_all", "steal_all", "wait")
        }
        counts = {name: after[name] - before[name] for name in ("voluntary", "involuntary", "major_faults")}
        khz = [sum(each["khz"]) / len(each["khz"]) if each["khz"] else None for each in (before, after)]
        cpus_all = after["cpus_all"]
    except (KeyError, TypeError):
        return None
    busy, busy_all, own = times["busy"], times["busy_all"], times["cpu"] or 0.0
    return {
        "begin_ns": before["t_ns"],
        "end_ns": after["t_ns"],
        "seconds": times["t"],
        "cpus": cpus,
        "cpus_all": cpus_all,
        "own": own,
        "foreign": None if busy is None else max(0.0, busy - own),
        "neighbours": None if busy is None or busy_all is None else busy_all - busy,
        "steal": times["steal"],
        "steal_all": times["steal_all"],
        "wait": times["wait"],
        **counts,
        "khz": khz if all(khz) else None,
    }


def _between(before: Mapping[str, Any], after: Mapping[str, Any], key: str) -> float | None:
    """Seconds between two readings of a running total in ns; None when one is unknown."""
    if before[key] is None or after[key] is None:
        return None
    return float(round((after[key] - before[key]) / 1e9, 6))


def _sum(paths: Any) -> int | None:
    found = [int(text) for text in map(_text, paths) if text and text.isdigit()]
    return sum(found) if found else None


def _hex(text: str | None) -> int | None:
    try:
        return int(text or "", 16)
    except ValueError:
        return None


def _stalled(text: str | None) -> int | None:
    """Total time in ns that some process was stalled (/proc/pressure); None where the kernel does not count it."""
    found = re.search(r"^some .*total=(\d+)$", text or "", re.MULTILINE)
    return int(found[1]) * 1000 if found else None


def _text(path: Path) -> str | None:
    try:
        return path.read_text(encoding="ascii", errors="replace").strip()
    except OSError:
        return None
