"""Whether the sensors of a device can be read, and say something that can be so."""

import re
from collections.abc import Callable, Iterator

from bench.devices.host import NOT_FOUND, Host, text
from bench.doctor.case import Case, Line

COLDEST, HOTTEST = -40.0, 150.0  # degrees Celsius that a chip can have and still answer
INA3221 = (
    "/sys/bus/i2c/drivers/ina3221x/*/iio:device*/rail_name_*",  # JetPack 4
    "/sys/bus/i2c/drivers/ina3221/*/hwmon/hwmon*/in*_label",  # from JetPack 5 on
)
CONSTANT = {"PMIC-Die"}  # a zone of Jetsons that always says 100 °C
PACKAGES = {"coretemp", "k10temp", "zenpower", "cpu_thermal"}  # hwmon's names of what measures processors


def sensor_lines(case: Case) -> Iterator[Line]:
    """A line for each sensor of the device, and one where nothing of it measures power."""
    for name in case.device.sensors:
        yield from CHECKS[name](case)
    if case.device.power.covers == "nothing" and "um25c" not in case.device.sensors:
        yield Line("power", "ok", "this device does not measure its own power")


def _ina3221(case: Case) -> Iterator[Line]:
    rails = {text(case.host, path): path for pattern in INA3221 for path in case.host.glob(pattern)}
    for rail in case.device.power.rails:
        if rail not in rails:
            others = ", ".join(sorted(name for name in rails if name)) or "none"
            yield Line("power", "fail", f"the rail {rail} is not there (there is: {others})", "the board's own kernel")
            continue
        millivolts = _number(case.host, _voltage(rails[rail]))
        if millivolts is None:
            yield Line("power", "fail", f"the rail {rail} cannot be read", "as root, or give its files to a group")
        elif not 0 < millivolts < 60_000:
            yield Line(
                "power", "fail", f"the rail {rail} says {millivolts:.0f} mV, which cannot be", "restart the board"
            )
        else:
            yield Line("power", "ok", f"rail {rail}: {millivolts / 1000:.2f} V")


def _voltage(label: str) -> str:
    """The file of a rail's millivolts, from that of its name."""
    if "rail_name_" in label:
        return re.sub(r"rail_name_(\d+)$", r"in_voltage\1_input", label)
    return label.replace("_label", "_input")


def _thermal(case: Case) -> Iterator[Line]:
    zones = [(_zone(case.host, path), path) for path in case.host.glob("/sys/class/thermal/thermal_zone*/temp")]
    yield from _temperatures(case, "temperature", [each for each in zones if each[0] not in CONSTANT])


def _zone(host: Host, path: str) -> str:
    return text(host, path.replace("/temp", "/type")) or path


def _hwmon(case: Case) -> Iterator[Line]:
    chips = {path: text(case.host, path) or "" for path in case.host.glob("/sys/class/hwmon/hwmon*/name")}
    found = [(name, path.replace("/name", "/temp1_input")) for path, name in chips.items() if name in PACKAGES]
    yield from _temperatures(case, "hwmon", found)


def _apex(case: Case) -> Iterator[Line]:
    paths = case.host.glob("/sys/class/apex/apex_*/temp")
    yield from _temperatures(case, "Edge TPU", [("apex", path) for path in paths])


def _temperatures(case: Case, topic: str, found: list[tuple[str, str]]) -> Iterator[Line]:
    """Millidegrees, as the kernel has them. Zones that are off say nothing, which is no fault of the others."""
    read = [(name, value / 1000) for name, path in found if (value := _number(case.host, path)) is not None]
    odd = [f"{name} {value:.0f} °C" for name, value in read if not COLDEST < value < HOTTEST]
    sane = [f"{name} {value:.0f} °C" for name, value in read if COLDEST < value < HOTTEST]
    if sane:
        yield Line(topic, "ok", ", ".join(sane[:4]))
    else:
        what = f"what they say cannot be: {', '.join(odd)}" if odd else "no temperature can be read"
        yield Line(topic, "warn", what, "the board's own kernel; a virtual machine has none")


def _rapl(case: Case) -> Iterator[Line]:
    paths = case.host.glob("/sys/class/powercap/intel-rapl:*/energy_uj")
    if not paths:
        yield Line("power", "warn", "no RAPL: the processor's energy is not measured (a virtual machine has none)")
    elif all(_number(case.host, path) is None for path in paths):
        mend = "sudo chmod -R a+r /sys/class/powercap/intel-rapl:*"
        yield Line("power", "warn", "RAPL may be read by root alone (since CVE-2020-8694)", mend)
    else:
        yield Line("power", "ok", f"RAPL: {', '.join(path.split('/')[-2] for path in paths)}")


def _nvml(case: Case) -> Iterator[Line]:
    said = case.host.run(["nvidia-smi", "--query-gpu=name,power.draw", "--format=csv,noheader,nounits"])
    name, _, watts = (said.out.splitlines() or [""])[0].rpartition(",")
    if said.code or not re.fullmatch(r"\s*\d+(\.\d+)?\s*", watts):
        what = "nvidia-smi is not there" if said.code == NOT_FOUND else f"the card says '{watts.strip()}' of its power"
        yield Line("power", "fail", what, "NVIDIA's driver, with nvidia-smi")
    else:
        yield Line("power", "ok", f"{name.strip()}: {float(watts):.1f} W")


def _vcgencmd(case: Case) -> Iterator[Line]:
    said = case.host.run(["vcgencmd", "measure_temp"])
    found = re.search(r"temp=(-?\d+(?:\.\d+)?)", said.out)
    if said.code or found is None:
        what = "vcgencmd is not there" if said.code == NOT_FOUND else "vcgencmd does not answer"
        yield Line("firmware", "fail", what, "sudo apt install raspi-utils, and a user of the group video")
    else:
        yield Line("firmware", "ok", f"vcgencmd: {found[1]} °C")


def _pmic(case: Case) -> Iterator[Line]:
    said = case.host.run(["vcgencmd", "pmic_read_adc"])
    rails = re.findall(r"(\S+)_A current\(\d+\)=", said.out)
    if said.code or not rails:
        yield Line(
            "power",
            "fail",
            "the power chip does not answer: vcgencmd pmic_read_adc",
            "current firmware and raspi-utils",
        )
    else:
        yield Line("power", "ok", f"the power chip: {len(rails)} rails, without what hangs on 5 V directly")


def _um25c(case: Case) -> Iterator[Line]:
    ports = case.host.glob("/dev/rfcomm*")
    if ports:
        yield Line("power", "ok", f"an external meter, if it is one, at {', '.join(ports)}")
    else:
        mend = "for energy: put a UM25C into the supply's line, then sudo rfcomm bind 0 ADDRESS"
        yield Line("power", "warn", "this device does not measure its own power, and no meter is connected", mend)


def _number(host: Host, path: str) -> float | None:
    try:
        return float(text(host, path) or "")
    except ValueError:
        return None


CHECKS: dict[str, Callable[[Case], Iterator[Line]]] = {
    "apex": _apex,
    "hwmon": _hwmon,
    "ina3221": _ina3221,
    "nvml": _nvml,
    "pmic": _pmic,
    "rapl": _rapl,
    "thermal": _thermal,
    "um25c": _um25c,
    "vcgencmd": _vcgencmd,
}
