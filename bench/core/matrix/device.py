"""The devices of matrix.yaml: what identifies one, what it runs, and which hardware its launches get."""

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
# The hardware that an adapter uses: a device's own value (`EDGETPU:usb:0`) instead of Framework.device.
Target = Annotated[str, Field(pattern=r"^(CPU|CUDA|GPU|NPU|MYRIAD|EDGETPU(:(usb|pci):\d+)?)$")]
Sensor = Literal["apex", "hwmon", "ina3221", "nvml", "pmic", "rapl", "thermal", "um25c", "vcgencmd"]


def _address(text: str) -> str:
    """The board's address, checked like `--host`. Raises ValueError."""
    try:
        return str(parse(text))
    except ConfigError as error:
        raise ValueError(str(error).removeprefix("--host: ")) from None


class Access(Entry):
    """A way to a piece of hardware: what a launch gets from the engine (docs/devices.md).

    `nodes` are single device nodes. `directories` are mounted whole, because the nodes in them change, and `rules` say
    which of these may be opened. `brings` are nodes that the engine's own hook adds; they must exist on the host.
    `groups` are names of the host's groups; launches get their numbers. `files` are mounted read-only; `{triplet}` is
    the architecture's (`x86_64-linux-gnu`). `driver` is a file that exists while the driver is loaded. `mend` says what
    to do when something is missing. `without` maps an arm that cannot use it to the reason.
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

    `device` is the hardware that the adapter uses (default: the framework's). `precisions` are those of the hardware
    (default: all). `access` are names of `access:`, the ways to hardware that a launch gets.
    """

    device: Target | None = None
    precisions: list[Precision] = []
    access: list[Name] = []


class Identity(Entry):
    """What identifies a device: of each kind that is listed, one entry must be found on the machine.

    `compatible` are whole strings of the device tree. `device_tree` maps further files of it to their text. `cpu` are
    globs for the model name of /proc/cpuinfo.
    """

    compatible: list[str] = []
    device_tree: dict[str, str] = {}
    pci: list[PciId] = []
    usb: list[UsbId] = []
    cpu: list[str] = []


class Memory(Entry):
    """The memory sizes that it is sold with, in GB: of the board, and of a separate card (not a Jetson's GPU)."""

    board: list[Annotated[float, Field(gt=0)]] = []
    card: list[Annotated[float, Field(gt=0)]] = []


class Power(Entry):
    """The part of its power that a device measures itself, and the rails whose sum that is."""

    covers: Literal["board", "module", "processor", "card", "nothing"] = "nothing"
    rails: list[str] = []


class Sensing(Entry):
    """How a device's sensors are read: see docs/sensors.md.

    `ttys` are the terminals of USB meters. `meter` are globs of the channels whose power is the device's (by default
    bench chooses them). `root` is where the device's /sys is mounted. `period` is the seconds between two readings.
    """

    ttys: list[str] = []
    meter: list[str] = []
    root: str = "/"
    period: Annotated[float, Field(ge=0.001, le=60)] = 0.1


class Study(Entry):
    """The 2019 study's own figures of the device, in watts (Table III; analysis/reference has all of them)."""

    idle_w: float | None = None
    average_w: float | None = None


_PLAIN = Use()  # made once, because a plan needs it for each cell


class Device(Entry):
    """A board or a class of hosts.

    It runs the frameworks of its `groups` and those in `uses`; `uses` says how, by framework or by group. `platforms`
    are those of its images, the preferred one first. `power_modes` are names of nvpmodel's modes, the one to measure in
    first. `without` maps a framework that it cannot run to the reason. `host` is the address of a device that is not
    this machine: `ssh://user@board` (docs/remote.md).
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
        """Whether it runs a framework of this group."""
        return group in self.groups or framework in self.uses
