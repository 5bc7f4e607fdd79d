"""Which arms bench can launch while it is itself in a container (images/bench)."""

import re
from pathlib import Path

import docker

from bench.hosts.host import host_root

# The paths of the engine's own mounts contain the container's id, independent of host name and cgroup.
CONTAINER_ID = re.compile(r"/containers/([0-9a-f]{64})/")
MOUNTS = Path("/proc/self/mountinfo")


def find_obstacle(arm: str, engine: docker.DockerClient | None) -> str | None:
    """Reason `arm` cannot run while bench itself is in a container, or None.

    The native arm needs the machine's own user land. The rootfs arm needs a process without seccomp, in the machine's
    process and network namespaces: only a container that has these can start one.
    """
    if host_root() is None or arm == "container":
        return None
    if arm == "native":
        return "bench runs in a container, and this arm is of the machine's own Python and libraries"
    named = CONTAINER_ID.search(MOUNTS.read_text())
    settings = {}
    if named and engine is not None:
        try:
            settings = engine.containers.get(named[1]).attrs["HostConfig"]
        except docker.errors.NotFound:  # another engine runs this container
            settings = {}
    free = settings.get("Privileged") and settings.get("PidMode") == settings.get("NetworkMode") == "host"
    return None if free else "bench runs in a container without --privileged --pid=host --network=host"
