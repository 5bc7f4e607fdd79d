"""The ways to launch a cell: in a container, in the image's file system alone, on the bare host; and ablations."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from bench.arms.ablations import ABLATIONS
from bench.core.errors import HostError

if TYPE_CHECKING:
    import docker

    from bench.arms.launch import Arm
    from bench.core.matrix.schema import Matrix
    from bench.images.local import Locate


def make_arms(
    names: Sequence[str], matrix: "Matrix", engine: "docker.DockerClient | None", locate: "Locate | None"
) -> "dict[str, Arm]":
    """The arms of these names. `engine` and `locate` may be None when only `native` is asked for.

    Raises HostError for an arm that cannot be launched from where bench runs.
    """
    from bench.arms import ablated  # the Docker SDK, which the table of ablations must not need
    from bench.arms.container import ContainerArm
    from bench.arms.native import NativeArm
    from bench.arms.rootfs import RootfsArm
    from bench.hosts.nested import kept_from

    special = {"memory-limit": ablated.LimitedArm, "bind-root": ablated.BindRootArm, "cold-cache": ablated.ColdArm}
    arms: dict[str, Arm] = {}
    for name in names:
        if why := kept_from("container" if name in ABLATIONS else name, engine):
            raise HostError(f"the {name} arm cannot be launched: {why}", "--arms container; or docs/devices.md")
        if name == "native":
            arms[name] = NativeArm(matrix)
            continue
        assert engine is not None
        assert locate is not None
        if name in ABLATIONS:
            arms[name] = special.get(name, ablated.AblatedArm)(ABLATIONS[name], engine, locate)
        else:
            arms[name] = (ContainerArm if name == "container" else RootfsArm)(engine, locate)
    return arms
