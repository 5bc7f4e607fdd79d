"""bench in a container (images/bench): which arms it can launch from there."""

import re
from pathlib import Path

import docker

from bench.hosts.host import host_root

# What the engine mounts into a container names it, whatever its host name and cgroup are called.
OWN = re.compile(r"/containers/([0-9a-f]{64})/")
MOUNTS = Path("/proc/self/mountinfo")


def find_obstacle(arm: str, engine: docker.DockerClient | None) -> str | None:
    """Why an arm cannot be launched from the container that bench runs in; None where it can, or there is none.

    The native arm is the machine's own user land. The rootfs arm is a process without seccomp, in the machine's process
    and network namespaces: only a container that has those itself can start one.
    """
    if host_root() is None or arm == "container":
        return None
    if arm == "native":
        return "bench runs in a container, and this arm is of the machine's own Python and libraries"
    named = OWN.search(MOUNTS.read_text())
    settings = {}
    if named and engine is not None:
        try:
            settings = engine.containers.get(named[1]).attrs["HostConfig"]
        except docker.errors.NotFound:  # the engine is another than the one that runs us
            settings = {}
    free = settings.get("Privileged") and settings.get("PidMode") == settings.get("NetworkMode") == "host"
    return None if free else "bench runs in a container without --privileged --pid=host --network=host"
