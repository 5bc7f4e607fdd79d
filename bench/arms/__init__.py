"""The ways to launch a cell: in a container, in the image's file system alone, on the bare host."""

from collections.abc import Sequence

import docker

from bench.arms.container import ContainerArm
from bench.arms.native import NativeArm
from bench.arms.rootfs import RootfsArm
from bench.config import Matrix
from bench.launching import Arm


def make_arms(
    names: Sequence[str], matrix: Matrix, platform: str, engine: docker.DockerClient | None
) -> dict[str, Arm]:
    """The arms of these names. `engine` may be None when only `native` is asked for."""
    arms: dict[str, Arm] = {}
    for name in names:
        if name == "native":
            arms[name] = NativeArm(matrix)
        else:
            assert engine is not None
            arms[name] = (ContainerArm if name == "container" else RootfsArm)(engine, platform)
    return arms
