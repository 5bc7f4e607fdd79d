"""A device on a machine: the platforms of its images, the hardware its launches get, and what is missing for them."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from bench.core.errors import ConfigError, HostError
from bench.core.matrix.device import Identity
from bench.core.matrix.platforms import architecture, image_platform, platform_of
from bench.core.matrix.schema import Matrix
from bench.core.matrix.vendor_images import base
from bench.hosts import identify, l4t
from bench.hosts.grant import Grant, Missing, find_missing, make_grant
from bench.hosts.host import Host


@dataclass(frozen=True, kw_only=True)
class Target:
    """A device on a machine: the image's platform and the hardware grant of each framework.

    `lacking` lists what is missing for launches there. It is empty for a machine of another architecture: then nothing
    was checked, and `elsewhere` is the reason.
    """

    device: str
    platforms: Mapping[str, str]
    grants: Mapping[str, Grant]
    lacking: tuple[Missing, ...] = ()
    elsewhere: str | None = None

    def require(self) -> None:
        """Raise HostError that names everything that is missing."""
        if self.lacking:
            mends = dict.fromkeys(each.mend for each in self.lacking)
            what = "\n".join(f"{self.device}: {each.what}" for each in self.lacking)
            raise HostError(what, "\n  → ".join([*mends, f"all of it: bench doctor --device {self.device}"]))


def elsewhere(device: str, matrix: Matrix, machine: str) -> str | None:
    """Reason a machine cannot be this device: it has another architecture. None when it can."""
    platforms, native = matrix.devices[device].platforms, platform_of(machine)
    if not platforms or native in map(architecture, platforms):
        return None
    return f"this machine is {native}, and the device '{device}' is {' or '.join(platforms)}"


def require_here(device: str, matrix: Matrix, machine: str) -> None:
    """Raise ConfigError when the device has another architecture than the machine."""
    if why := elsewhere(device, matrix, machine):
        raise ConfigError(
            why, f"name where it is, --host ssh://user@board (docs/remote.md), or call bench on the {device} itself"
        )


def resolve_target(
    device: str, frameworks: Iterable[str], matrix: Matrix, host: Host, engine: Mapping[str, Any] | None = None
) -> Target:
    """Check a machine as a device of the matrix. `engine` is the answer of `docker info`, None without an engine."""
    entry, native = matrix.devices[device], platform_of(host.machine)
    wanted = list(frameworks)
    away = elsewhere(device, matrix, host.machine)
    facts = None if away else identify.read_facts(host, matrix.devices)
    board = l4t.platform(matrix.l4t, facts.l4t) if facts and facts.l4t else None
    platforms = {
        name: image_platform(entry, matrix.frameworks[name].platforms, native, board) for name in wanted
    }  # fmt: skip
    ways = {name: matrix.accesses(device, name) for name in wanted}
    grants = {name: make_grant(ways[name], platforms[name] or native, host, engine) for name in wanted}
    lacking: list[Missing] = []
    if facts:
        lacking += _identity(device, matrix, facts)
        lacking += _release(device, matrix, facts, platforms)
        for name in wanted:
            lacking += find_missing(ways[name], platforms[name] or native, host, engine)
    return Target(
        device=device,
        platforms=platforms,
        grants=grants,
        lacking=tuple(dict.fromkeys(lacking)),
        elsewhere=away,
    )


def _identity(device: str, matrix: Matrix, facts: identify.Facts) -> Iterator[Missing]:
    """One entry when the machine does not show what identifies the device."""
    entry = matrix.devices[device]
    if entry.identify == Identity() or identify.matches(entry, facts) is not None:
        return
    found = [name for name, each in matrix.devices.items() if identify.matches(each, facts)]
    what = f"this machine does not show what identifies {entry.title} ({describe_identity(entry.identify)})"
    if found:
        what += f"; it is {', '.join(found)}"
    yield Missing(what=what, mend="`bench devices probe` says what this machine is; `--device host` takes it as it is")


def describe_identity(identity: Identity) -> str:
    """What identifies a device, in words."""
    kinds = {
        "compatible": identity.compatible,
        "device tree": [f"{name} = {value}" for name, value in identity.device_tree.items()],
        "PCI": identity.pci,
        "USB": identity.usb,
        "CPU": identity.cpu,
    }
    return " and ".join(f"{kind} {' or '.join(values)}" for kind, values in kinds.items() if values)


def _release(device: str, matrix: Matrix, facts: identify.Facts, platforms: Mapping[str, str]) -> Iterator[Missing]:
    """The problems of a board's L4T, for frameworks whose images need a certain release."""
    tegra = {name: platform for name, platform in platforms.items() if platform.startswith("l4t")}
    for name in (name for name, platform in platforms.items() if not platform):
        offered = ", ".join(matrix.frameworks[name].platforms)
        yield Missing(what=f"{name} has no image for this board's L4T {facts.l4t}", mend=f"it has for {offered}")
    if not tegra:
        return
    releases = l4t.describe_releases(matrix.l4t, matrix.devices[device].platforms)
    flash = f"flash a JetPack that has images; known are {releases}"
    if facts.l4t is None:
        yield Missing(what="no L4T is to be found: neither /etc/nv_tegra_release nor nvidia-l4t-core", mend=flash)
    elif l4t.platform(matrix.l4t, facts.l4t) is None:
        yield Missing(what=f"there is no image for L4T {facts.l4t}", mend=flash)
    else:
        for name, platform in tegra.items():
            misfit = l4t.find_mismatch(facts.l4t, base(name, platform))
            if misfit and misfit[0] == "fail":
                yield Missing(what=f"{name}: {misfit[1]}", mend="upgrade the board's JetPack, or leave it out")
