"""Checks the rest of the machine: memory for the model, free disk space, the clock and the kernel's timer."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime

from bench.doctor.case import Case, Line
from bench.hosts.host import text

GIB = 2**30
AVAILABLE = 3  # index of the free KiB in a line of `df -Pk`
ROOM, LITTLE = 1 * GIB, 5 * GIB  # bytes that one image with its models needs, and a few of them
COPIES = 3  # times the file's size: the file, the framework's copy, its working memory; a rule of thumb
BEFORE = datetime(
    2026, 1, 1, tzinfo=UTC
).timestamp()  # a correct clock cannot show an earlier time: this program did not exist
FINE = {"tsc", "arch_sys_counter", "kvm-clock", "hyperv_clocksource_tsc_page", "xen", "arm,sp804", "timer"}


def system_lines(case: Case) -> Iterator[Line]:
    """Memory, disk, clocks."""
    yield from _memory(case)
    yield from _disk(case)
    yield from _time(case)


def _memory(case: Case) -> Iterator[Line]:
    lines = dict(re.findall(r"^(\w+):\s+(\d+) kB$", text(case.host, "/proc/meminfo") or "", re.MULTILINE))
    if "MemAvailable" not in lines:
        yield Line("memory", "warn", "/proc/meminfo does not say how much is free")
        return
    total, free = (int(lines.get(name, 0)) * 1024 for name in ("MemTotal", "MemAvailable"))
    have = f"{free / GIB:.1f} of {total / GIB:.1f} GiB are free"
    sold = case.device.memory.board
    if sold and not any(0.7 * size < total / 1e9 < 1.1 * size for size in sold):  # the kernel and a GPU keep some of it
        sizes = " or ".join(f"{size:g}" for size in sold)
        yield Line(
            "memory", "warn", f"{total / 1e9:.1f} GB, and a {case.device.title} has {sizes}", "is this the board?"
        )
    if not case.models:
        mend = f"bench models build, and name it: bench doctor --device {case.name} --model NAME"
        yield Line("memory", "ok", f"{have}; no model is made to compare with", mend)
        return
    largest = max(case.models, key=lambda name: case.models[name])
    size = case.models[largest]
    for card in case.device.memory.card:
        what = f"the card has {card:g} GB, and {largest} takes {size / 1e6:.0f} MB as a file"
        fits = COPIES * size < card * 1e9
        yield Line("card", "ok" if fits else "warn", what, None if fits else "a smaller model")
    what = f"{have}, and {largest} takes {size / 1e6:.0f} MB as a file"
    if size > free:
        yield Line("memory", "fail", f"{what}: it cannot even be read", "a smaller model, or close other programs")
    elif COPIES * size > free:
        mend = "a smaller model, or close other programs (a desktop: sudo systemctl isolate multi-user.target)"
        yield Line("memory", "warn", f"{what}: with the framework's copy and its work space it may not fit", mend)
    else:
        yield Line("memory", "ok", what)


def _disk(case: Case) -> Iterator[Line]:
    places = {"cache": case.cache, "engine": str(case.info.get("DockerRootDir") or "")}
    for name, path in places.items():
        free = _free(case, path) if path else None
        if free is None:
            continue
        have = f"{free / GIB:.1f} GiB free where the {name} is ({path})"
        if free < LITTLE:
            level = "fail" if free < ROOM else "warn"
            yield Line("disk", "fail" if level == "fail" else "warn", have, "docker system prune; bench matrix clean")
        else:
            yield Line("disk", "ok", have)


def _free(case: Case, path: str) -> int | None:
    """Free bytes on the file system of a path, or of its nearest existing parent; None if unknown."""
    while path != "/" and case.host.stat(path) is None:
        path = path.rpartition("/")[0] or "/"
    said = case.host.run(["df", "-Pk", path])
    words = said.out.splitlines()[-1].split() if said.code == 0 and said.out else []
    return int(words[AVAILABLE]) * 1024 if len(words) > AVAILABLE and words[AVAILABLE].isdigit() else None


def _time(case: Case) -> Iterator[Line]:
    said = case.host.run(["date", "+%s"])
    if said.code:
        yield Line("clock", "warn", f"it cannot be asked: {' '.join(said.err.split())[-120:]}", "as root")
        return
    now = int(said.out) if said.out.strip().isdigit() else 0
    shown = datetime.fromtimestamp(now, UTC).strftime("%Y-%m-%d %H:%M UTC")
    synced = case.host.run(["timedatectl", "show", "-p", "NTPSynchronized", "--value"]).out.strip()
    set_it = "sudo timedatectl set-ntp true, or sudo date -s 'YYYY-MM-DD HH:MM:SS'"
    if now < BEFORE:
        yield Line("clock", "fail", f"it shows {shown}, which is past: results would carry wrong dates", set_it)
    elif not case.host.glob("/sys/class/rtc/rtc*") and synced == "no":
        what = f"{shown}, and the board has no clock of its own and is not synchronised: it may jump"
        yield Line("clock", "warn", what, set_it)
    else:
        yield Line("clock", "ok", f"{shown}{', synchronised' if synced == 'yes' else ''}")
    source = text(case.host, "/sys/devices/system/clocksource/clocksource0/current_clocksource")
    if source is None:
        yield Line("timer", "warn", "the kernel does not say which clock it counts by")
    elif source in FINE:
        yield Line("timer", "ok", f"the monotonic clock counts by {source}")
    else:
        mend = "the kernel's messages say why it left the better one: dmesg | grep -i clocksource"
        yield Line("timer", "warn", f"the monotonic clock counts by {source}, which is slow or coarse to read", mend)
