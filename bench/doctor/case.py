"""What the doctor looks at, and what it says."""

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
    """One finding: of what, how bad, in words, and what mends it (None where nothing is to be done)."""

    topic: str
    level: Level
    said: str
    mend: str | None = None


@dataclass(frozen=True, kw_only=True)
class Case:
    """A device on a machine. `info` is what the engine says of itself; without an engine `silence` says why.

    `platforms` are those of the frameworks' images. `models` are the sizes of the artifacts that are to be measured, in
    bytes by name. `sensors` is what bench.hosts.sensors.survey found. `cache` is the machine's cache folder, `user`
    the one that containers run as (`uid:gid`), and `sendable` says which images (framework, platform) a run
    would bring along.
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
