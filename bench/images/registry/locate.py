"""Finds the image that a run uses for a framework: one built on this machine, or the one of the lock file."""

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
    """Makes the function that returns a framework's image. It pulls a locked image that is missing, once.

    `platforms` maps frameworks to platforms. The returned function raises HostError for an image that is missing or
    does not agree with the sources or the lock file.
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
