"""The ways to launch a cell: in a container, in the image's file system alone, on the bare host."""

from collections.abc import Sequence

import docker

from bench.arms.container import ContainerArm
from bench.arms.native import NativeArm
from bench.arms.rootfs import RootfsArm
from bench.config import Matrix
from bench.errors import HostError
from bench.images import Locate
from bench.inside import kept_from
from bench.launching import Arm


def make_arms(
    names: Sequence[str], matrix: Matrix, engine: docker.DockerClient | None, locate: Locate | None
) -> dict[str, Arm]:
    """The arms of these names. `engine` and `locate` may be None when only `native` is asked for.

    Raises HostError for an arm that cannot be launched from where bench runs.
    """
    arms: dict[str, Arm] = {}
    for name in names:
        if why := kept_from(name, engine):
            raise HostError(f"the {name} arm cannot be launched: {why}", "--arms container; or docs/devices.md")
        if name == "native":
            arms[name] = NativeArm(matrix)
        else:
            assert engine is not None
            assert locate is not None
            arms[name] = (ContainerArm if name == "container" else RootfsArm)(engine, locate)
    return arms
