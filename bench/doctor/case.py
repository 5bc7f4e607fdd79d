"""The input and the output of the doctor's checks."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import docker

from bench.core.matrix.device import Device
from bench.core.matrix.schema import Matrix
from bench.core.paths import cache
from bench.hosts.host import Host
from bench.hosts.identify import Facts
from bench.images.registry.lock import Lock

Level = Literal["ok", "warn", "fail"]


@dataclass(frozen=True)
class Line:
    """One finding: its topic, its level, its text, and how to mend it (None when nothing needs to be done)."""

    topic: str
    level: Level
    said: str
    mend: str | None = None


@dataclass(frozen=True, kw_only=True)
class Case:
    """A device on a machine. `info` is the answer of `docker info`; without an engine `silence` says why it has none.

    `platforms` maps each framework to the platform of its image. `models` maps the artifacts to measure to their size
    in bytes. `sensors` is the result of bench.hosts.sensors.survey. `cache` is the machine's cache folder. `user` is
    the one that containers run as (`uid:gid`). `sendable` returns whether a run would send an image (framework,
    platform) to the board.
    """

    name: str
    device: Device
    matrix: Matrix
    host: Host
    facts: Facts
    frameworks: Sequence[str]
    platforms: Mapping[str, str]
    sensors: Mapping[str, Any]
    engine: docker.DockerClient | None = None
    info: Mapping[str, Any] = field(default_factory=dict)
    silence: str = ""
    lock: Lock | None = None
    models: Mapping[str, int] = field(default_factory=dict)
    cache: str = field(default_factory=lambda: str(cache()))
    user: str | None = None
    sendable: Callable[[str, str], bool] = lambda _framework, _platform: False
