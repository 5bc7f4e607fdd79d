"""Chooses the power channels that together measure a board, so that nothing is counted twice.

The channels are those of `runner sense` (docs/protocol.md). The scope says what the sum of their powers covers.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bench.core.errors import ConfigError
from bench.core.suggest import matches, nearest

Channel = Mapping[str, Any]

# Sets of rails of the INA3221 that together carry the whole supply, and the scope of their sum (None: from the rails).
# The first set whose rails are all there is used. Sources: jetson_stats, zeus and energymon (docs/sensors.md).
INPUTS = (
    (("VDD_IN", "VDD_MUX"), "board"),  # TX2: module and carrier
    (("POM_5V_IN",), "rail POM_5V_IN"),  # Nano
    (("VDD_IN",), "rail VDD_IN"),  # Xavier NX, Orin Nano, Orin NX: the module
    (("VDD_GPU_SOC", "VDD_CPU_CV", "VIN_SYS_5V0"), None),  # AGX Orin: these supply its other rails
)


class NoMeter(Exception):
    """No channel measures the board's power; the message says why in one line."""


@dataclass(frozen=True)
class Meter:
    """The ids of the channels whose powers are summed, and the scope of the sum."""

    channels: tuple[str, ...]
    scope: str


def choose(channels: Sequence[Channel], globs: Sequence[str] = ()) -> Meter:
    """The channels that match the globs; the board's own when there are no globs.

    Raises NoMeter when no channel is known to measure the board, ConfigError when a glob fits no channel.
    """
    powers = _best([channel for channel in channels if channel["quantity"] in ("power", "energy")])
    if globs:
        return _wanted(powers, globs)
    if not powers:
        raise NoMeter("there is no power sensor here")
    for find in (_board, _rails, _pmic, _processors):
        if found := find(powers):
            return found
    names = ", ".join(str(channel["channel"]) for channel in powers)
    raise NoMeter(f"no power sensor here is known to be the whole board's: name one with --meter, out of {names}")


def _best(powers: Sequence[Channel]) -> list[Channel]:
    """The channels without sampled power where an energy counter measures the same."""
    counted = {(channel["sensor"], channel["name"]) for channel in powers if channel["quantity"] == "energy"}
    return [c for c in powers if c["quantity"] == "energy" or (c["sensor"], c["name"]) not in counted]


def _wanted(powers: Sequence[Channel], globs: Sequence[str]) -> Meter:
    known = [str(channel["channel"]) for channel in powers]
    for glob in globs:
        if not any(matches(name, [glob]) for name in known):
            raise ConfigError(f"--meter {glob}: no power sensor here has that name", nearest(glob, known))
    chosen = [channel for channel in powers if matches(str(channel["channel"]), globs)]
    names = {channel["channel"] for channel in chosen}
    for channel in chosen:
        if channel.get("inside") in names:
            inner, outer = channel["channel"], channel["inside"]
            raise ConfigError(f"--meter: {inner} is a part of {outer}: together they count twice", "name one of them")
    return _meter(chosen)


def _board(powers: Sequence[Channel]) -> Meter | None:
    found = [channel for channel in powers if channel["scope"] == "board"]
    if len(found) > 1:
        names = " and ".join(str(channel["channel"]) for channel in found)
        raise NoMeter(f"{names} each measure a whole board: name one with --meter")
    return _meter(found) if found else None


def _rails(powers: Sequence[Channel]) -> Meter | None:
    rails = {str(channel["name"]): channel for channel in powers if channel["sensor"] == "ina3221"}
    # Two rails of the same name have their address appended: VDD_IN@1-0041.
    double = {name.split("@")[0] for name in rails if "@" in name}
    for names, scope in INPUTS:
        if twice := double & set(names):
            raise NoMeter(f"two rails are called {min(twice)}: name one with --meter")
        if set(names) <= rails.keys():
            return _meter([rails[name] for name in names], scope)
    return None


def _pmic(powers: Sequence[Channel]) -> Meter | None:
    found = [channel for channel in powers if channel["sensor"] == "pmic"]
    return _meter(found) if found else None


def _processors(powers: Sequence[Channel]) -> Meter | None:
    """All processor packages and all cards. A package includes the power of its parts."""
    packages = [channel for channel in powers if channel["sensor"] == "rapl" and channel["scope"] == "package"]
    cards = [channel for channel in powers if channel["sensor"] == "nvml"]
    return _meter(packages + cards) if packages or cards else None


def _meter(channels: Sequence[Channel], scope: str | None = None) -> Meter:
    return Meter(tuple(str(channel["channel"]) for channel in channels), scope or _scope(channels))


def _scope(channels: Sequence[Channel]) -> str:
    scopes = [str(channel["scope"]) for channel in channels]
    if len(scopes) > 1 and all(scope.startswith("rail ") for scope in scopes):
        return "rails " + " + ".join(scope.removeprefix("rail ") for scope in scopes)
    counted = Counter(scopes)
    return " + ".join(scope if count == 1 else f"{count} × {scope}" for scope, count in counted.items())
