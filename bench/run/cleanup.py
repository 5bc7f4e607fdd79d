"""Removing what an ended bench may have left: containers, and half-made folders of the cache."""

import shutil
from pathlib import Path

import docker

from bench.core.paths import cache
from bench.images.engine import LABEL, files_digest, remove

# Folders of the cache whose `partial-*` entries are work that never became whole.
WORKSHOPS = ("rootfs", "native", "requests", "push")


def containers(engine: docker.DockerClient, run_id: str | None) -> list[str]:
    """Remove the containers of one run, or of all our runs; ours alone, known by their label. Returns their names."""
    wanted = {"label": LABEL if run_id is None else f"{LABEL}={run_id}"}
    found = engine.containers.list(all=True, filters=wanted)
    for container in found:
        remove(container)
    return [str(container.name) for container in found]


def partials() -> list[Path]:
    """Remove what was under way in the cache when bench was ended. Call it while the host is reserved."""
    found = [path for shop in WORKSHOPS for path in (cache() / shop).glob("partial-*")]
    for path in found:
        shutil.rmtree(path, ignore_errors=True)
        path.unlink(missing_ok=True)
    return found


def outdated(engine: docker.DockerClient) -> list[Path]:
    """Remove the unpacked images that the engine does not have any more."""
    there = {files_digest(image) for image in engine.images.list(all=True)}
    found = [path for path in (cache() / "rootfs").glob("*") if path.name not in there]
    for path in found:
        shutil.rmtree(path, ignore_errors=True)
    return found
