"""Which image of a framework a run uses: the one that was built here, or the one that the lock file names."""

from collections.abc import Mapping
from functools import cache

import docker
from rich.console import Console

from bench.images.local import Image, Locate, require
from bench.images.registry.lock import Lock
from bench.images.registry.progress import Transfers
from bench.images.registry.pull import Puller


def locate(
    engine: docker.DockerClient, platforms: Mapping[str, str], lock: Lock | None, console: Console, *, quiet: bool
) -> Locate:
    """How to come to a framework's image: it is looked for once, and what is locked is pulled when it is missing.

    `platforms` are by framework.

    What it returns raises HostError for an image that is not there, or not what sources or lock file say.
    """
    if lock is None:
        return lambda framework: require(engine, framework, platforms[framework])
    shown = Transfers(console, quiet=quiet)
    puller = Puller(engine, lock, shown)

    @cache
    def find(framework: str) -> Image:
        with shown:
            return puller.require(framework, platforms[framework])

    return find
