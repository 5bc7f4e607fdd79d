"""Changes settings for `bench doctor --fix`, and restores them.

Before each change the old value is written to this machine's cache folder (for a board in a folder of its address) and
synced. The next bench that starts on the machine undoes an interrupted change (a crash, a kill, a power cut). A
complete change stays until `bench doctor --restore`, and runs report it.
"""

import json
import os
import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from bench.core.errors import HostError
from bench.core.matrix.device import Device
from bench.core.paths import cache
from bench.hosts import clocks
from bench.hosts.host import Host, text

BOOT = "/proc/sys/kernel/random/boot_id"
AFTER_BOOT = {"mode"}  # the kinds of change that a restart of the machine does not undo
Say = Callable[[str], object]


def journal(host: Host) -> Path:
    """The file with the old settings of a machine. It exists only while something is changed."""
    place = re.sub(r"[^A-Za-z0-9._@-]+", "-", host.place.removeprefix("ssh://"))
    return cache() / "doctor" / place / "settings.json"


def read(host: Host) -> dict[str, Any] | None:
    """The record of the changes: `device`, `boot`, `whole` and `changes`; None without changes. Raises HostError."""
    try:
        return dict(json.loads(journal(host).read_text()))
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise HostError(
            f"{journal(host)} cannot be read: {error}", "restore the settings by hand, and remove it"
        ) from None


def fix(name: str, device: Device, host: Host, say: Say) -> None:
    """Set the power mode, clocks and governors that a device is measured with. Correct settings are not touched.

    Raises HostError when something cannot be set; the earlier changes are then undone.
    """
    before = read(host)
    if before and before["device"] != name:
        raise HostError(f"settings were changed for {before['device']}", "bench doctor --restore, then again")
    kept = before or {"device": name, "boot": text(host, BOOT), "changes": []}
    try:
        for change in _changes(device, host):
            kept["changes"] = [*kept["changes"], change]
            _keep(kept, host, whole=False)
            _apply(change, host)
            say(f"set {_shown(change, 'set')}, was {_shown(change, 'was')}")
    except BaseException as error:
        try:
            restore(host, say)
        except HostError as second:
            raise HostError(f"{error}; and not all is back: {second}", "as root: bench doctor --restore") from error
        raise
    if kept["changes"]:
        _keep(kept, host, whole=True)


def restore(host: Host, say: Say) -> bool:
    """Undo all changes, the last one first. Returns whether there were any. The file keeps what is not undone yet."""
    kept = read(host)
    if kept is None:
        return False
    here = kept["boot"] == text(host, BOOT)
    while kept["changes"]:
        change = kept["changes"][-1]
        if here or change["kind"] in AFTER_BOOT:
            _undo(change, host)
            say(f"restored {_shown(change, 'was')}")
        kept["changes"] = kept["changes"][:-1]
        _keep(kept, host, whole=False)
    journal(host).unlink()
    return True


def recover(host: Host, say: Say) -> None:
    """At the start of work on a machine: undo an interrupted change, and report a complete one."""
    kept = read(host)
    if kept is None:
        return
    if not kept["whole"]:
        say("bench was ended while it changed settings: setting them back")
        restore(host, say)
        return
    if kept["boot"] == text(host, BOOT):
        what = ", ".join(dict.fromkeys(change["kind"] for change in kept["changes"]))
        say(f"settings are as `bench doctor --fix` made them ({what}); `bench doctor --restore` sets them back")
    else:
        say("the machine was restarted since `bench doctor --fix`: setting back what that left")
        restore(host, say)


def _changes(device: Device, host: Host) -> Iterator[dict[str, Any]]:
    """Yield the changes to make. Each setting is read after the change before it was made."""
    if device.power_modes:
        mode = clocks.power_mode(host)
        if isinstance(mode, str):
            raise HostError(f"the power mode cannot be set: {mode}", "is this the board, and are you root?")
        best = clocks.wanted_mode(device.power_modes, clocks.offered_modes(host))
        if best and best != mode:
            yield {"kind": "mode", "was": [mode.id, mode.name], "set": [best.id, best.name]}
    for path, governor in clocks.governors(host).items():
        if governor != "performance" and clocks.can_set(host, path, "performance"):
            yield {"kind": "governor", "path": path, "was": governor, "set": "performance"}
    if device.power_modes and clocks.locked(host) is False:
        yield {"kind": "clocks", "was": f"{host.state}/jetson_clocks.conf", "set": "locked"}


def _apply(change: dict[str, Any], host: Host) -> None:
    match change["kind"]:
        case "mode":
            _set_mode(host, *change["set"])
        case "governor":
            _write(host, change["path"], change["set"])
        case "clocks":
            _call(host, ["mkdir", "-p", host.state])
            _call(
                host, ["rm", "-f", change["was"]]
            )  # jetson_clocks asks before it overwrites a file, and nobody would answer
            _call(host, ["jetson_clocks", "--store", change["was"]])
            _call(host, ["jetson_clocks"])


def _undo(change: dict[str, Any], host: Host) -> None:
    """Undo one change. An interrupted change may never have been made: then nothing is done."""
    match change["kind"]:
        case "mode":
            if clocks.power_mode(host) != clocks.Mode(*change["was"]):
                _set_mode(host, *change["was"])
        case "governor":
            if text(host, change["path"]) != change["was"]:
                _write(host, change["path"], change["was"])
        case "clocks":
            if host.run(["test", "-s", change["was"]]).code == 0:
                _call(host, ["jetson_clocks", "--restore", change["was"]])
                _call(host, ["rm", "-f", change["was"]])


def _set_mode(host: Host, number: int, name: str) -> None:
    said = host.run(["nvpmodel", "-m", str(number)], timeout=120)
    mode = clocks.power_mode(host)
    if said.code or not isinstance(mode, clocks.Mode) or mode.id != number:
        asked = " ".join(f"{said.out} {said.err}".split())[-160:]
        why = "it wants a restart" if "reboot" in asked.lower() else asked or "it is not set afterwards"
        raise HostError(f"the power mode {name} cannot be set: {why}", f"by hand: sudo nvpmodel -m {number}")


def _write(host: Host, path: str, value: str) -> None:
    try:
        host.write(path, value)
    except OSError as error:
        raise HostError(f"{path} cannot be set to {value}: {error.strerror}", "as root: sudo bench doctor …") from None


def _call(host: Host, words: list[str]) -> None:
    said = host.run(words, timeout=120)
    if said.code:
        what = " ".join((said.err or said.out).split())[-160:]
        raise HostError(f"{' '.join(words)} ended with {said.code}: {what}", "as root: sudo bench doctor …")


def _shown(change: dict[str, Any], key: str) -> str:
    match change["kind"]:
        case "mode":
            return f"power mode {change[key][1]}"
        case "governor":
            return f"governor {change[key]} of {change['path'].split('/')[-2]}"
    return "clocks locked" if key == "set" else "clocks as they were"


def _keep(kept: dict[str, Any], host: Host, *, whole: bool) -> None:
    """Write the record atomically and durably, before the change that it describes is made."""
    kept["whole"] = whole
    path = journal(host)
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f"partial-{path.name}")
    with partial.open("w") as stream:
        json.dump(kept, stream, indent=1)
        stream.flush()
        os.fsync(stream.fileno())
    partial.rename(path)
    with suppress(OSError):
        folder = os.open(path.parent, os.O_RDONLY)
        os.fsync(folder)
        os.close(folder)
