"""Checks whether the sensors of a device exist and can be read, by the results of `runner sense`."""

from collections.abc import Iterator

from bench.doctor.case import Case, Level, Line

POWER = {"ina3221", "nvml", "pmic", "rapl", "um25c"}  # sensors of power; the others measure heat and throttling
SHOWN = 4  # most channels that a line names
# Sensor → how to mend it when it is missing.
MENDS = {
    "apex": "load the Edge TPU's driver: sudo modprobe apex",
    "hwmon": "the board's own kernel; a virtual machine has none",
    "ina3221": "NVIDIA's own kernel, and the right to read its files",
    "nvml": "NVIDIA's driver, which brings libnvidia-ml.so.1",
    "pmic": "Raspberry Pi's own kernel, and sudo apt install raspi-utils",
    "rapl": "sudo chmod -R a+r /sys/class/powercap/*/energy_uj; a virtual machine has none",
    "thermal": "the board's own kernel; a virtual machine has none",
    "um25c": "for energy put a USB meter into the supply: sudo rfcomm bind 0 ADDRESS, --usb-meter /dev/rfcomm0",
    "vcgencmd": "sudo apt install raspi-utils, and a user of the group video",
}
# A device that lists one of these and does not have it is faulty.
NEEDED = {"apex", "ina3221", "nvml", "pmic", "vcgencmd"}


def sensor_lines(case: Case) -> Iterator[Line]:
    """One line on power, and one for each other sensor of the device."""
    yield from _power(case)
    for kind in case.device.sensors:
        if kind not in POWER:
            yield _other(case, kind)


def _power(case: Case) -> Iterator[Line]:
    kinds = [kind for kind in case.device.sensors if kind in POWER]
    found, rails = _names(case, "ina3221"), case.device.power.rails
    for rail in rails:
        if f"ina3221/{rail}/power" not in found:
            there = ", ".join(sorted({name.split("/")[1] for name in found})) or "none"
            yield Line("power", "fail", f"the rail {rail} is not there (there is: {there})", MENDS["ina3221"])
            return
    if case.sensors["meter"]:
        yield Line("power", "ok", f"of the {case.sensors['scope']}, by {', '.join(case.sensors['meter'])}")
    elif not kinds:
        yield Line("power", "ok", "this device does not measure its own power")
    else:
        level: Level = "fail" if NEEDED & set(kinds) else "warn"
        yield Line("power", level, f"no energy: {case.sensors['reason']}", "; ".join(MENDS[kind] for kind in kinds))


def _other(case: Case, kind: str) -> Line:
    names, lost = _names(case, kind), case.sensors["lost"]
    good = [name for name in names if name not in lost]
    if good:
        more = f" and {len(good) - SHOWN} more" if len(good) > SHOWN else ""
        return Line(kind, "ok", f"{', '.join(name.removeprefix(f'{kind}/') for name in good[:SHOWN])}{more}")
    why = next((f"{name}: {lost[name]}" for name in (*names, kind) if name in lost), "no such sensor here")
    return Line(kind, "fail" if kind in NEEDED else "warn", why, MENDS[kind])


def _names(case: Case, kind: str) -> list[str]:
    return [str(each["channel"]) for each in case.sensors["channels"] if each["sensor"] == kind]
