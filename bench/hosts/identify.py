"""Finds which devices of matrix.yaml a machine is, from facts of its hardware. Nothing is guessed."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase

from bench.core.matrix.device import Device, Identity
from bench.core.matrix.platforms import architecture, platform_of
from bench.hosts import l4t
from bench.hosts.host import Host, text

TREES = ("/sys/firmware/devicetree/base", "/proc/device-tree")  # the same; Docker masks both in a container
# Beginnings of the names of chips. Many boards share a chip, so it does not identify the board.
CHIPS = ("nvidia,tegra", "brcm,bcm", "fsl,imx", "xlnx,zynq")
# A Movidius stick whose firmware runs: both sticks then have the same id.
AMBIGUOUS = {"03e7:f63b": "a Movidius stick that is in use: pull it out and plug it in again, then it says which it is"}


@dataclass(frozen=True, kw_only=True)
class Facts:
    """The facts that identify a machine's hardware. PCI ids are `vendor:device/class`."""

    machine: str
    model: str | None
    compatible: tuple[str, ...]
    tree: Mapping[str, str | None]  # further files of the device tree, named in matrix.yaml → their text
    pci: tuple[str, ...]
    usb: tuple[str, ...]
    cpu: str | None
    l4t: str | None


def read_facts(host: Host, devices: Mapping[str, Device]) -> Facts:
    """Read what identifies a machine."""
    tree = next((each for each in TREES if host.stat(f"{each}/compatible")), TREES[0])
    asked = {name for device in devices.values() for name in device.identify.device_tree}
    compatible = text(host, f"{tree}/compatible")
    return Facts(
        machine=host.machine,
        model=text(host, f"{tree}/model"),
        compatible=tuple(compatible.split("\0")) if compatible else (),
        tree={name: text(host, f"{tree}/{name}") for name in asked},
        pci=tuple(_pci(host)),
        usb=tuple(_usb(host)),
        cpu=_cpu(host),
        l4t=l4t.release(host),
    )


def matches(device: Device, facts: Facts) -> list[str] | None:
    """The facts that show that a machine is this device, or None. A device without an identity never matches."""
    identity = device.identify
    native = platform_of(facts.machine)
    if device.platforms and native not in map(architecture, device.platforms):
        return None
    kinds = [kind for kind in _kinds(identity, facts) if kind is not None]
    return [each for kind in kinds for each in kind] if kinds and all(kinds) else None


def _kinds(identity: Identity, facts: Facts) -> Iterator[list[str] | None]:
    """The facts found of each kind of identity; None for a kind that the device does not name."""
    yield [f"compatible {each}" for each in identity.compatible if each in facts.compatible] or _none(
        identity.compatible
    )
    tree = [f"{name} {value}" for name, value in identity.device_tree.items() if facts.tree.get(name) == value]
    yield tree or _none(identity.device_tree)
    yield [f"PCI {id}" for id in facts.pci if any(_is(id, each) for each in identity.pci)] or _none(identity.pci)
    yield [f"USB {each}" for each in identity.usb if each in facts.usb] or _none(identity.usb)
    cpus = [facts.cpu] if facts.cpu and any(fnmatchcase(facts.cpu, each) for each in identity.cpu) else []
    yield [f"CPU {each}" for each in cpus] or _none(identity.cpu)


def _none(asked: object) -> list[str] | None:
    return [] if asked else None


def _is(found: str, wanted: str) -> bool:
    return fnmatchcase(found, wanted if "/" in wanted else f"{wanted}/*")


def find_unknown(facts: Facts, found: Mapping[str, list[str]], devices: Mapping[str, Device]) -> list[str]:
    """Messages on hardware that may be a device but cannot be identified."""
    boards = {each for device in devices.values() for each in device.identify.compatible}
    said = []
    if facts.compatible and not boards & set(facts.compatible) and not found:
        chip = next((each for each in facts.compatible if each.startswith(CHIPS)), None)
        names = ", ".join(facts.compatible)
        said.append(
            f"no device is known by {names}" + (f": the chip ({chip}) does not say which board it is" if chip else "")
        )
    said += [f"USB {each} is {AMBIGUOUS[each]}" for each in facts.usb if each in AMBIGUOUS]
    return said


def _pci(host: Host) -> Iterator[str]:
    for path in host.glob("/sys/bus/pci/devices/*"):
        words = [(text(host, f"{path}/{name}") or "").removeprefix("0x") for name in ("vendor", "device", "class")]
        if all(words):
            yield f"{words[0]}:{words[1]}/{words[2]}"


def _usb(host: Host) -> Iterator[str]:
    for path in host.glob("/sys/bus/usb/devices/*/idVendor"):
        folder = path.rpartition("/")[0]
        yield f"{text(host, path)}:{text(host, f'{folder}/idProduct')}"


def _cpu(host: Host) -> str | None:
    lines = (text(host, "/proc/cpuinfo") or "").splitlines()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), None)
