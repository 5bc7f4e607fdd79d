"""Checks the ways to the hardware: nodes, folders, groups, libraries, drivers, and a stick's USB speed."""

from collections.abc import Iterator

from bench.core.matrix.device import Access
from bench.core.matrix.platforms import architecture, platform_of
from bench.doctor.case import Case, Line
from bench.hosts.grant import TRIPLETS, find_closed_nodes, find_missing_hardware
from bench.hosts.host import text

SUPERSPEED = 5000  # Mbit/s of USB 3; on a slower port a stick waits for its data


def hardware_lines(case: Case) -> Iterator[Line]:
    """One line for each missing thing, or one for each complete way; then the lines of USB sticks."""
    ways = {way.title: way for name in case.frameworks for way in case.matrix.accesses(case.name, name)}
    for way in ways.values():
        platform = next(iter(case.platforms.values()), "") or platform_of(case.host.machine)
        bad = list(find_missing_hardware(way, platform, case.host))
        for each in bad:
            yield Line("hardware", "fail", each.what, each.mend)
        if not bad and (seen := _seen(way, platform)):
            yield Line("hardware", "ok", f"{way.title}: {', '.join(seen)}")
    yield from _sticks(case, list(ways.values()))


def _seen(way: Access, platform: str) -> list[str]:
    files = [each.format(triplet=TRIPLETS[architecture(platform)]) for each in way.files]
    return [*way.nodes, *way.brings, *way.directories, *files, *(f"group {name}" for name in way.groups)]


def _sticks(case: Case, ways: list[Access]) -> Iterator[Line]:
    """The USB devices that identify the device: whether their nodes can be opened, and the port's speed."""
    groups = [name for way in ways if way.directories for name in way.groups]
    for path in case.host.glob("/sys/bus/usb/devices/*/idVendor"):
        folder = path.rpartition("/")[0]
        identity = f"{text(case.host, path)}:{text(case.host, f'{folder}/idProduct')}"
        if identity not in case.device.identify.usb:
            continue
        bus, number = (text(case.host, f"{folder}/{name}") or "0" for name in ("busnum", "devnum"))
        node = f"/dev/bus/usb/{int(bus):03}/{int(number):03}"
        for name in groups:
            for each in find_closed_nodes(case.host, node, name):
                yield Line("USB", "fail", each.what, each.mend)
        speed = int(text(case.host, f"{folder}/speed") or 0)
        level, mend = ("ok", None) if speed >= SUPERSPEED else ("warn", "plug it into a USB 3 port, without a hub")
        yield Line("USB", "warn" if level == "warn" else "ok", f"{identity} at {speed} Mbit/s ({node})", mend)
