"""The hardware of a device that a launch gets on a machine, and what is missing there."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from bench.core.matrix.device import Access
from bench.core.matrix.platforms import architecture
from bench.hosts.host import Host, groups

TRIPLETS = {"amd64": "x86_64-linux-gnu", "arm64": "aarch64-linux-gnu"}
CDI_FOLDERS = ("/etc/cdi", "/run/cdi")
CDI_KIND = "nvidia.com/gpu"
OTHERS_RW = 0o006  # mode bits: anybody may read and write
GROUP_RW = 0o060  # mode bits: the group may read and write
HOOKS = ("/usr/bin/nvidia-container-runtime-hook", "/usr/local/nvidia/toolkit/nvidia-container-runtime-hook")


@dataclass(frozen=True, kw_only=True)
class Grant:
    """The hardware that a launch gets, in the terms of the engine.

    `groups` are numbers, or a name where the machine does not have that group. `gpu` is the way in which NVIDIA's cards
    are requested. `files` are mounted read-only, under the same path in all arms.
    """

    runtime: str | None = None
    gpu: Literal["requests", "cdi"] | None = None
    nodes: tuple[str, ...] = ()
    directories: tuple[str, ...] = ()
    brings: tuple[str, ...] = ()
    rules: tuple[str, ...] = ()
    groups: tuple[int | str, ...] = ()
    files: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)

    def shown(self) -> list[str]:
        """The device nodes that a launch sees, in words."""
        return [*self.nodes, *(f"{each}/*" for each in self.directories), *self.brings]


NO_HARDWARE = Grant()


@dataclass(frozen=True, kw_only=True)
class Missing:
    """Something that a launch needs and the machine does not have: what it is, and how to mend it."""

    what: str
    mend: str


def make_grant(given: Sequence[Access], platform: str, host: Host, engine: Mapping[str, Any] | None = None) -> Grant:
    """The hardware that launches of a platform's image get. `engine` is the answer of `docker info`."""
    known = groups(host)
    names = _each(given, "groups")
    environment = {key: value for access in given for key, value in access.environment.items()}
    return Grant(
        runtime=next((access.runtime for access in given if access.runtime), None),
        gpu=_gpu_method(host, engine) if any(access.gpu for access in given) else None,
        nodes=_each(given, "nodes"),
        directories=_each(given, "directories"),
        brings=_each(given, "brings"),
        rules=_each(given, "rules"),
        groups=tuple(known.get(name, name) for name in names),
        files=tuple(path.format(triplet=TRIPLETS[architecture(platform)]) for path in _each(given, "files")),
        environment=environment,
    )


def _each(given: Iterable[Access], field_name: str) -> tuple[str, ...]:
    """All entries of a field, in order, without duplicates."""
    return tuple(dict.fromkeys(entry for access in given for entry in getattr(access, field_name)))


def _gpu_method(host: Host, engine: Mapping[str, Any] | None) -> Literal["requests", "cdi"]:
    """How this engine gives a container NVIDIA's cards: by CDI where engine and host have it."""
    return "cdi" if (engine or {}).get("CDISpecDirs") and cdi_specs(host) else "requests"


def cdi_specs(host: Host) -> list[str]:
    """The CDI files of NVIDIA's cards on a machine."""
    paths = [path for folder in CDI_FOLDERS for kind in ("yaml", "json") for path in host.glob(f"{folder}/*.{kind}")]
    return [path for path in paths if CDI_KIND.encode() in (host.read(path) or b"")]


def hooks(host: Host) -> list[str]:
    """The programs of NVIDIA's toolkit that an engine needs for a device request."""
    return [path for path in HOOKS if host.stat(path)]


def find_missing(
    given: Sequence[Access], platform: str, host: Host, engine: Mapping[str, Any] | None = None
) -> Iterator[Missing]:
    """What is missing for these ways to hardware. Nothing is started. With `engine` None it is not checked."""
    for access in given:
        yield from find_missing_hardware(access, platform, host)
        for what in _engine_lacks(access, host, engine):
            yield Missing(what=f"{what} ({access.title})", mend=access.mend)


def find_missing_hardware(access: Access, platform: str, host: Host) -> Iterator[Missing]:
    """What the machine does not have of one way to hardware: nodes, folders, groups, files, the driver."""
    known = groups(host)
    for what in _absent(access, platform, host):
        yield Missing(what=f"{what} ({access.title})", mend=access.mend)
    for name in access.groups:
        if name not in known:
            yield Missing(
                what=f"there is no group {name}", mend=f"sudo groupadd -r {name}; a udev rule gives it the nodes"
            )
        for node in (*access.nodes, *access.brings):
            yield from find_closed_nodes(host, node, name)


def _absent(access: Access, platform: str, host: Host) -> Iterator[str]:
    for node in (*access.nodes, *access.brings):
        if host.stat(node) is None:
            yield f"{node} is not there"
    for folder in access.directories:
        there = host.stat(folder)
        if there is None or there.kind != "directory":
            yield f"the folder {folder} is not there"
    for file in access.files:
        path = file.format(triplet=TRIPLETS[architecture(platform)])
        if host.stat(path) is None:
            yield f"{path} is not there"
    if access.driver and host.stat(access.driver) is None:
        yield f"its driver is not loaded: {access.driver} is not there"


def find_closed_nodes(host: Host, node: str, name: str) -> Iterator[Missing]:
    """Why members of a group cannot open an existing node. Of a folder the render nodes are checked."""
    gid, there = groups(host).get(name), host.stat(node)
    inside = host.glob(f"{node}/render*") if there and there.kind == "directory" else [node]
    mend = f'a udev rule with GROUP="{name}", MODE="0660", then sudo udevadm control --reload && sudo udevadm trigger'
    for path in inside:
        found = host.stat(path)
        if found is None or gid is None or found.mode & OTHERS_RW == OTHERS_RW:
            continue
        if found.gid != gid:
            yield Missing(what=f"{path} belongs to the group {found.gid}, not to {name} ({gid})", mend=mend)
        elif found.mode & GROUP_RW != GROUP_RW:
            what = f"{path} may not be read and written by its group {name} (its mode is {found.mode:o})"
            yield Missing(what=what, mend=mend)


def _engine_lacks(access: Access, host: Host, engine: Mapping[str, Any] | None) -> Iterator[str]:
    if engine is None:
        return
    if access.runtime and access.runtime not in engine.get("Runtimes", {}):
        others = ", ".join(sorted(engine.get("Runtimes", {}))) or "none"
        yield f"the engine has no runtime '{access.runtime}' (it has {others})"
    if access.gpu and _gpu_method(host, engine) == "requests" and not hooks(host):
        yield "neither a CDI description nor NVIDIA's container hook is there, so the engine cannot give a card"
