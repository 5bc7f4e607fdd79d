"""The devices of matrix.yaml: what identifies one, what it runs, and what its launches are given of its hardware."""

from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from bench.core.address import parse
from bench.core.errors import ConfigError
from bench.core.matrix.base import Entry, Group, Name, Platform, Precision, Reason, Verified

HostPath = Annotated[str, Field(pattern=r"^/\S+$")]
Node = Annotated[str, Field(pattern=r"^/dev/\S+$")]
Rule = Annotated[str, Field(pattern=r"^[abc] (\d+|\*):(\d+|\*) [rwm]+$")]
UsbId = Annotated[str, Field(pattern=r"^[0-9a-f]{4}:[0-9a-f]{4}$")]
# `vendor:device/class` as hexadecimal globs, for example `8086:*/03*`: every display controller of Intel's.
PciId = Annotated[str, Field(pattern=r"^[0-9a-f]{4}:[0-9a-f*]+(/[0-9a-f*]+)?$")]
GroupName = Annotated[str, Field(pattern=r"^[a-z_][a-z0-9_-]*$")]
Arm = Literal["container", "rootfs", "native"]
# What an adapter is told to use: Framework.device, where a device has its own (`EDGETPU:usb:0`).
Target = Annotated[str, Field(pattern=r"^(CPU|CUDA|GPU|NPU|MYRIAD|EDGETPU(:(usb|pci):\d+)?)$")]
Sensor = Literal["apex", "hwmon", "ina3221", "nvml", "pmic", "rapl", "thermal", "um25c", "vcgencmd"]


def _address(text: str) -> str:
    """The board's address, read as `--host` is."""
    try:
        return str(parse(text))
    except ConfigError as error:
        raise ValueError(str(error).removeprefix("--host: ")) from None


class Access(Entry):
    """A way to a piece of hardware: what the engine is asked to give a launch (docs/devices.md).

    `nodes` are given as they are; `directories` whole, since the nodes in them come and go, and `rules` then say which
    of those may be opened. `brings` are nodes that the engine's own hook gives, and that must be there for it to work.
    `groups` are the host's by name, and stand for their numbers there. `files` come read-only, `{triplet}` being the
    architecture's (`x86_64-linux-gnu`). `driver` is a file that is there while the driver is loaded. `mend` is what to
    do when something of this is missing, `without` says why an arm cannot have it.
    """

    title: str
    runtime: Literal["nvidia"] | None = None
    gpu: bool = False  # NVIDIA's cards, by CDI where engine and host have it, else by a device request
    nodes: list[Node] = []
    directories: list[Node] = []
    brings: list[Node] = []
    rules: list[Rule] = []
    groups: list[GroupName] = []
    files: list[HostPath] = []
    environment: dict[str, str] = {}
    driver: HostPath | None = None
    mend: Reason
    without: dict[Arm, Reason] = {}


class Use(Entry):
    """How a device runs a framework or a group of them.

    `device` is what the adapter is told (the framework's own when left out), `precisions` those the hardware has (all
    when left out), `access` what a launch is given: names of `access:`.
    """

    device: Target | None = None
    precisions: list[Precision] = []
    access: list[Name] = []


class Identity(Entry):
    """What tells a device from others: of each kind that is listed, one must be found.

    `compatible` are whole strings of the device tree, `device_tree` further files of it with their text, `cpu` globs
    over the model name of /proc/cpuinfo.
    """

    compatible: list[str] = []
    device_tree: dict[str, str] = {}
    pci: list[PciId] = []
    usb: list[UsbId] = []
    cpu: list[str] = []


class Memory(Entry):
    """The sizes that it is sold with, in GB: of the board, and of a card of its own (a Jetson's GPU has none)."""

    board: list[Annotated[float, Field(gt=0)]] = []
    card: list[Annotated[float, Field(gt=0)]] = []


class Power(Entry):
    """What of its consumption a device measures itself: what that covers, and the rails that together are it."""

    covers: Literal["board", "module", "processor", "card", "nothing"] = "nothing"
    rails: list[str] = []


class Sensing(Entry):
    """How a device's sensors are read: see docs/sensors.md.

    `ttys` are where USB meters are, `meter` globs of the channels whose power is the device's (when left out, bench
    knows or asks), `root` where the device's /sys is seen, `period` the seconds from one reading to the next.
    """

    ttys: list[str] = []
    meter: list[str] = []
    root: str = "/"
    period: Annotated[float, Field(ge=0.001, le=60)] = 0.1


class Study(Entry):
    """The 2019 study's own figures of the device, in watts (Table III; analysis/reference has all of them)."""

    idle_w: float | None = None
    average_w: float | None = None


_PLAIN = Use()  # made once: a plan asks for each of its cells


class Device(Entry):
    """A board or a class of hosts.

    It runs the frameworks of its `groups` and those that `uses` names; `uses` says how, by framework or by group.
    `platforms` are those of its images, the preferred one first. `power_modes` are names of nvpmodel's, the one to
    measure in first. `without` names a framework that it cannot run after all, with the reason. `host` is where it is
    when it is not this machine: `ssh://user@board` (docs/remote.md).
    """

    title: str
    platforms: list[Platform]
    groups: list[Group] = ["cpu"]
    uses: dict[Name, Use] = {}
    identify: Identity = Identity()
    memory: Memory = Memory()
    sensors: list[Sensor] = []
    sensing: Sensing = Sensing()
    power: Power = Power()
    power_modes: list[str] = []
    study: Study = Study()
    without: dict[Name, Reason] = {}
    host: Annotated[str, Field(pattern=r"^ssh://"), AfterValidator(_address)] | None = None
    verified: Verified

    def use(self, framework: str, group: str) -> Use:
        """How it runs a framework of this group."""
        return self.uses.get(framework) or self.uses.get(group) or _PLAIN

    def runs(self, framework: str, group: str) -> bool:
        """Whether a framework of this group is one of its own."""
        return group in self.groups or framework in self.uses
