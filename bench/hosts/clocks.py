"""The settings of a machine's speed: frequency governors, a Jetson's power mode and locked clocks."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from bench.hosts.host import NOT_FOUND, Host, text

GOVERNORS = "/sys/devices/system/cpu/cpufreq/policy*/scaling_governor"
CONFIGURATION = "/etc/nvpmodel.conf"
MODEL = re.compile(r"<\s*POWER_MODEL\s+ID=(\d+)\s+NAME=(\S+)\s*>")
CPU = re.compile(r"^cpu\d+:.*\bOnline=1\b.*\bMinFreq=(\d+)\s+MaxFreq=(\d+)", re.MULTILINE)


@dataclass(frozen=True)
class Mode:
    """A power mode of nvpmodel."""

    id: int
    name: str


def governors(host: Host) -> dict[str, str]:
    """Maps the file of each frequency policy to its governor; empty where the kernel does not scale frequencies."""
    found = ((path, text(host, path)) for path in host.glob(GOVERNORS))
    return {path: value for path, value in found if value}


def can_set(host: Host, path: str, governor: str) -> bool:
    """Whether a frequency policy offers this governor. True where it does not list its governors."""
    offered = text(host, path.replace("scaling_governor", "scaling_available_governors"))
    return offered is None or governor in offered.split()


def power_mode(host: Host) -> Mode | str:
    """The current power mode, or the reason it is unknown."""
    said = host.run(["nvpmodel", "-q"])
    if said.code == NOT_FOUND:
        return "nvpmodel is not there"
    name = re.search(r"NV Power Mode: (\S+)\s+(\d+)", said.out)
    if said.code or name is None:
        return f"nvpmodel -q said: {' '.join((said.err or said.out).split())[-120:] or 'nothing'}"
    return Mode(int(name[2]), name[1])


def offered_modes(host: Host) -> dict[str, int]:
    """Maps the names of the board's power modes to their ids; they differ between releases."""
    return {name: int(number) for number, name in MODEL.findall(text(host, CONFIGURATION) or "")}


def wanted_mode(names: list[str], offered: Mapping[str, int]) -> Mode | None:
    """The power mode to measure in: the first of `names` that the board offers, or None."""
    return next((Mode(offered[name], name) for name in names if name in offered), None)


def locked(host: Host) -> bool | str:
    """Whether jetson_clocks holds all CPUs at their highest frequency, or the reason that is unknown."""
    said = host.run(["jetson_clocks", "--show"])
    if said.code == NOT_FOUND:
        return "jetson_clocks is not there"
    found = CPU.findall(said.out)
    if said.code or not found:
        return f"jetson_clocks --show said: {' '.join((said.err or said.out).split())[-120:] or 'nothing'} (as root?)"
    return all(low == high for low, high in found)


THROTTLED = {
    0: "the supply's voltage is too low",
    1: "the CPU's frequency is capped",
    2: "it is throttled",
    3: "it is at its soft temperature limit",
}  # bits of `vcgencmd get_throttled`; 16 bits higher: it has happened since the board started


def throttled(host: Host) -> tuple[list[str], list[str]] | str:
    """What throttles a Raspberry Pi now, and what did since its start; or the reason that is unknown."""
    said = host.run(["vcgencmd", "get_throttled"])
    if said.code == NOT_FOUND:
        return "vcgencmd is not there"
    value = re.search(r"throttled=(0x[0-9a-fA-F]+)", said.out)
    if said.code or value is None:
        return f"vcgencmd get_throttled said: {' '.join((said.err or said.out).split())[-120:] or 'nothing'}"
    return list(_flags(int(value[1], 16))), list(_flags(int(value[1], 16) >> 16))


def _flags(bits: int) -> Iterator[str]:
    return (what for bit, what in THROTTLED.items() if bits & 1 << bit)
