"""Checks whether the machine runs at a constant speed: governors, power mode, locked clocks, throttling."""

from collections.abc import Iterator

from bench.doctor.case import Case, Line
from bench.hosts import clocks

FIX = "sudo bench doctor --device {name} --fix"


def speed_lines(case: Case) -> Iterator[Line]:
    """Governors everywhere; power mode and clocks of a Jetson; throttling of a Raspberry Pi."""
    yield from _governors(case)
    if case.device.power_modes:
        yield from _mode(case)
        yield _clocks(case)
    if "vcgencmd" in case.device.sensors:
        yield from _throttling(case)


def _governors(case: Case) -> Iterator[Line]:
    found = clocks.governors(case.host)
    names = sorted(set(found.values()))
    if not found:
        yield Line("governor", "ok", "the kernel scales no frequency here (a virtual machine?)")
    elif names == ["performance"]:
        yield Line("governor", "ok", "performance")
    else:
        what = f"{', '.join(names)}: the frequency changes while it is measured"
        yield Line("governor", "warn", what, FIX.format(name=case.name))


def _mode(case: Case) -> Iterator[Line]:
    mode = clocks.power_mode(case.host)
    if isinstance(mode, str):
        yield Line("power mode", "fail", mode, "on the board: sudo apt install nvidia-l4t-nvpmodel")
        return
    best = clocks.wanted_mode(case.device.power_modes, clocks.offered_modes(case.host))
    if best is None or best.id == mode.id:
        yield Line("power mode", "ok", mode.name)
    else:
        yield Line("power mode", "warn", f"{mode.name}, and {best.name} is its fastest", FIX.format(name=case.name))


def _clocks(case: Case) -> Line:
    locked = clocks.locked(case.host)
    if isinstance(locked, str):
        missing = "not there" in locked
        return Line("clocks", "fail" if missing else "warn", locked, "on the board, as root")
    if locked:
        return Line("clocks", "ok", "locked by jetson_clocks")
    return Line("clocks", "warn", "not locked: they change while it is measured", FIX.format(name=case.name))


def _throttling(case: Case) -> Iterator[Line]:
    found = clocks.throttled(case.host)
    if isinstance(found, str):
        yield Line("throttling", "fail", found, "sudo apt install raspi-utils, and a user of the group video")
        return
    now, since = found
    if now:
        yield Line("throttling", "fail", ", ".join(now), "its own power supply, a heatsink or a fan")
    elif since:
        what = f"since it was started: {', '.join(since)}"
        yield Line("throttling", "warn", what, "a better supply or cooling, then restart the board")
    else:
        yield Line("throttling", "ok", "not since it was started")
