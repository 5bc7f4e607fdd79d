"""Builds several images in parallel. Each build is independent: a failure does not stop the others."""

import os
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import docker

from bench.core.errors import HostError
from bench.core.paths import cache
from bench.images import bake
from bench.images import engine as engines
from bench.images.local import PREFIX
from bench.images.prune import tidy

MAX_PARALLEL = 4  # builds: each keeps one core busy, and disk and package index are not faster with more


@dataclass(frozen=True, kw_only=True)
class BuildResult:
    """The result of one build. `layers` counts the image's layers, `shared` those that another image has too."""

    name: str
    platform: str
    result: Literal["built", "cached", "failed"]
    seconds: float
    size_bytes: int | None = None
    layers: int | None = None
    shared: int = 0
    error: HostError | None = None
    log: Path


class Watcher:
    """Receives the progress of builds, from several threads. This base class ignores it."""

    def begin(self, name: str) -> None:
        """The build of an image begins."""

    def log(self, name: str, line: str) -> None:
        """The builder printed a line."""

    def end(self, built: BuildResult) -> None:
        """The build of an image has ended."""


def build_each(names: Sequence[str], platform: str, watcher: Watcher, *, stand_in: bool = False) -> list[BuildResult]:
    """Build images for a platform. A failure does not stop the other builds. The results are in the order of `names`.

    `stand_in` is passed to `bake.build`.
    """
    stopped = threading.Event()

    def build_one(name: str) -> BuildResult:
        watcher.begin(name)
        built = _build(name, platform, stopped, lambda line: watcher.log(name, line), stand_in=stand_in)
        watcher.end(built)
        return built

    with ThreadPoolExecutor(min(MAX_PARALLEL, os.cpu_count() or 1)) as pool:
        futures = [pool.submit(build_one, name) for name in names]
        try:
            done = [future.result() for future in futures]
        except BaseException:  # Ctrl-C: running builds are stopped, waiting ones do not start
            stopped.set()
            pool.shutdown(wait=True, cancel_futures=True)
            raise
    tidy()
    return _share(done)


class _Stopped(Exception):
    """All builds are being stopped."""


def _build(
    name: str, platform: str, stopped: threading.Event, say: Callable[[str], None], *, stand_in: bool
) -> BuildResult:
    log = cache() / "logs" / f"build-{name}-{platform}.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    client = engines.connect()
    ref = f"{PREFIX}{name}:{platform}"
    before = _image_id(client, ref)
    start = time.monotonic()
    with log.open("w") as kept:

        def hear(line: str) -> None:
            if stopped.is_set():
                raise _Stopped
            kept.write(line)
            say(line.rstrip())

        try:
            bake.build([name], platform, hear, stand_in=stand_in)
        except HostError as error:
            took = time.monotonic() - start
            return BuildResult(name=name, platform=platform, result="failed", seconds=took, error=error, log=log)
    image = client.images.get(ref)
    return BuildResult(
        name=name,
        platform=platform,
        result="cached" if image.id == before else "built",
        seconds=time.monotonic() - start,
        size_bytes=image.attrs["Size"],
        layers=len(image.attrs["RootFS"]["Layers"]),
        log=log,
    )


def _image_id(client: docker.DockerClient, ref: str) -> str | None:
    try:
        return str(client.images.get(ref).id)
    except docker.errors.ImageNotFound:
        return None


def _share(done: Iterable[BuildResult]) -> list[BuildResult]:
    """The same results with `shared` set, from the layers of all images on the engine."""
    client = engines.connect()
    layers = {
        tag: set(image.attrs["RootFS"]["Layers"] or ())
        for image in client.images.list()
        for tag in image.tags
        if tag.startswith(PREFIX)
    }
    return [replace(built, shared=_common(layers, f"{PREFIX}{built.name}:{built.platform}")) for built in done]


def _common(layers: Mapping[str, set[str]], ref: str) -> int:
    others = set().union(*(held for tag, held in layers.items() if tag != ref))
    return len(layers.get(ref, set()) & others)
