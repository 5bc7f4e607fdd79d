"""Makes the arms of a run by their names."""

from collections.abc import Sequence

import docker

from bench.arms import ablated
from bench.arms.ablations import ABLATIONS
from bench.arms.container import ContainerArm
from bench.arms.launch import Arm
from bench.arms.native import NativeArm
from bench.arms.rootfs import RootfsArm
from bench.core.errors import HostError
from bench.core.matrix.schema import Matrix
from bench.hosts.nested import find_obstacle
from bench.images.local import Locate

# The ablations whose launches differ in more than the keywords of the container.
SPECIAL = {"memory-limit": ablated.LimitedArm, "bind-root": ablated.BindRootArm, "cold-cache": ablated.ColdArm}


def make_arms(
    names: Sequence[str], matrix: Matrix, engine: docker.DockerClient | None, locate: Locate | None
) -> dict[str, Arm]:
    """Make the arms of these names. `engine` and `locate` may be None when only `native` is asked for.

    Raises HostError for an arm that cannot be launched from the place where bench runs.
    """
    arms: dict[str, Arm] = {}
    for name in names:
        if why := find_obstacle("container" if name in ABLATIONS else name, engine):
            raise HostError(f"the {name} arm cannot be launched: {why}", "--arms container; or docs/devices.md")
        if name == "native":
            arms[name] = NativeArm(matrix)
            continue
        assert engine is not None
        assert locate is not None
        if name in ABLATIONS:
            arms[name] = SPECIAL.get(name, ablated.AblatedArm)(ABLATIONS[name], engine, locate)
        else:
            arms[name] = (ContainerArm if name == "container" else RootfsArm)(engine, locate)
    return arms
