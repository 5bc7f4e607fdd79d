"""What the host did while a launch ran: read before and after it, set against the launch's own, and judged by one rule.

The rule looks at the host and never at the latency: a launch is flagged, and may be replaced, for what was done to it,
not for how it came out. Launches that were left out because they were slow would take with them what is to be measured
(docs/method.md).
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import monotonic_ns
from typing import Any

from runner.watch import TICK_NS, cpu_times

# The thresholds, all of them: shares of the time that the launch's CPUs had in the timed part, unless said otherwise.
STEAL = 0.01  # a hypervisor gave our CPU away: all of it is lost to the launch, and 1 % is the finest verdict
FOREIGN = (
    0.05  # others ran on our CPUs: they use gaps, too, so not all of it is lost; beside nothing else it is below 1 %
)
NEIGHBOURS = 0.25  # of the machine's other CPUs: they share memory, cache and heat with ours, not time
TICKS = 3  # the kernel counts in ticks of 10 ms, on every CPU: what is below this many may be one tick's chance
FREQUENCY = 0.05  # change of the clock from before to after: the medians of both halves would differ by as much
WAIT = 0.05  # of the threads' time: ready to run and without a CPU
PRESSURE = 0.01  # of the launch: some process of the machine stood still for want of memory

# What a launch is replaced for: what an arm cannot bring about by itself. Waiting and memory pressure are shown only:
# an arm with a quota waits by its very nature, and one with a memory limit is short of memory.
REPLACED_FOR = ("steal", "foreign-load", "busy-neighbours", "frequency", "throttled")
MOST_REPLACED = 2
IN_VAIN = 3  # launches in a row that stayed disturbed: that is how the host is, until one is not

# Cooling devices that cost speed, by their type; fans and the like do not.
_SLOWING = re.compile(r"cpufreq|devfreq|throttle|balanced|processor", re.IGNORECASE)
_FIRMWARE = "sys/devices/platform/soc/soc:firmware/get_throttled"  # Raspberry Pi
_PRESSURE = ("cpu", "memory", "io")


@dataclass(frozen=True)
class Watch:
    """Reads a host below `root`; `cpus` are those of the launches."""

    cpus: Sequence[int]
    root: Path = Path("/")

    def read(self) -> dict[str, Any]:
        """What the kernel has counted by now; what it does not tell is None."""
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
    """What the host did to the launch, by the thresholds above; what was not told flags nothing."""
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
    """Whether these flags are a reason to launch again."""
    return any(flag in REPLACED_FOR for flag in flagged)


def _reaches(seconds: float | None, share: float, of: float) -> bool:
    return seconds is not None and of > 0 and seconds >= share * of and seconds >= TICKS * TICK_NS / 1e9


def _changed(khz: Sequence[float] | None) -> bool:
    return khz is not None and not 1 - FREQUENCY < khz[1] / khz[0] < 1 + FREQUENCY


def _launch(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, Any]:
    """The whole launch, in seconds. Busy is all that the CPUs did, the launch's own work and the engine's included."""
    risen = (after["throttles"] or 0) > (before["throttles"] or 0)
    cooling = max(before["cooling"] or 0, after["cooling"] or 0) > 0
    old, new = (reading["firmware"] or 0 for reading in (before, after))
    firmware = new & 0xF or (new >> 16 & ~(old >> 16)) & 0xF  # now, or new among what has been since the start
    known = any(after[key] is not None for key in ("throttles", "cooling", "firmware"))
    return {
        "seconds": _between(before, after, "t_ns"),
        **{name: _between(before, after, f"{name}_ns") for name in ("busy", "steal", "busy_all", "steal_all")},
        "throttled": bool(risen or cooling or firmware) if known else None,
        "pressure": {name: _between(before["pressure"], after["pressure"], name) for name in _PRESSURE},
    }


def _timed(said: Any, cpus: int) -> dict[str, Any] | None:
    """The timed part, in seconds, as the runner counted it; None where it did not."""
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
    """Seconds from one running total in ns to the next."""
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
    """Total time in ns that some process stood still, of /proc/pressure; None where the kernel does not count it."""
    found = re.search(r"^some .*total=(\d+)$", text or "", re.MULTILINE)
    return int(found[1]) * 1000 if found else None


def _text(path: Path) -> str | None:
    try:
        return path.read_text(encoding="ascii", errors="replace").strip()
    except OSError:
        return None
