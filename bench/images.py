"""The images that are there, and what their labels must say. `bench.bake` builds them."""

import hashlib
import platform
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import docker
from docker.models.images import Image as EngineImage

from bench import engine as engines
from bench.errors import HostError
from bench.paths import PROJECT
from runner import __version__ as runner_version
from runner.protocol import PROTOCOL, hash_runner

FOLDERS = {"models-export": "models/export", "models-convert": "models/convert"}  # all others: images/<name>
PREFIX = "edgebench/"
PIN = re.compile(r"^([A-Za-z0-9._-]+)==(\S+)", re.MULTILINE)


@dataclass(frozen=True, kw_only=True)
class Image:
    """A framework's image on the engine. `digest` names it for good; `size_bytes` is what the engine keeps of it."""

    framework: str
    platform: str
    ref: str
    digest: str
    size_bytes: int
    labels: dict[str, str]


def frameworks() -> list[str]:
    """The frameworks that have an image: the folders of images/ with a lock file."""
    return sorted(lock.parent.name for lock in (PROJECT / "images").glob("*/requirements.txt"))


def native_platform() -> str:
    """The platform of this machine, as images name it."""
    machine = platform.machine()
    return {"x86_64": "amd64", "aarch64": "arm64"}.get(machine, machine)


def folder(name: str) -> str:
    """Where the Dockerfile and the lock file of an image are, from the project's root."""
    return FOLDERS.get(name, f"images/{name}")


def pins(name: str) -> dict[str, str]:
    """Package to version, from the lock file of an image."""
    return dict(PIN.findall(_lock(name).read_text()))


def labels(framework: str) -> dict[str, str]:
    """The labels of a framework's image that say what it was built from."""
    requested = PIN.search((_lock(framework).with_suffix(".in")).read_text())
    assert requested, f"images/{framework}/requirements.in must begin with the framework's own package"
    return {
        "org.opencontainers.image.version": runner_version,
        "org.edgebench.framework": framework,
        "org.edgebench.framework.version": pins(framework)[requested[1]],
        "org.edgebench.protocol": str(PROTOCOL),
        "org.edgebench.requirements.sha256": hashlib.sha256(_lock(framework).read_bytes()).hexdigest(),
        "org.edgebench.runner.sha256": hash_runner(),
        "org.edgebench.runner.version": runner_version,
    }


def inspect(framework: str, platform: str, engine: docker.DockerClient | None = None) -> Image | None:
    """The framework's image for a platform, or None when it was not built."""
    client = engine or engines.connect()
    try:
        return _image(client.images.get(f"{PREFIX}{framework}:{platform}"), framework, platform)
    except docker.errors.ImageNotFound:
        return None


def require(engine: docker.DockerClient, framework: str, platform: str) -> Image:
    """The framework's image. Raises HostError when it is missing, or was built from another runner or lock file."""
    hint = f"make images/{framework}"
    image = inspect(framework, platform, engine)
    if image is None:
        raise HostError(f"there is no image {PREFIX}{framework}:{platform}", hint)
    for label, wanted in labels(framework).items():
        if image.labels.get(label) != wanted:
            found = image.labels.get(label, "nothing")
            raise HostError(f"the image {image.ref} says {label} is {found}, the sources say {wanted}", hint)
    return image


def list_images(engine: docker.DockerClient | None = None) -> list[Image]:
    """All frameworks' images that the engine has, by framework and platform."""
    client = engine or engines.connect()
    found = [_image(image, *named) for image in client.images.list() for named in _names(image)]
    return sorted(found, key=lambda image: (image.framework, image.platform))


def _names(image: EngineImage) -> Iterator[tuple[str, str]]:
    for tag in image.tags:
        framework, _, platform = tag.removeprefix(PREFIX).partition(":")
        if tag.startswith(PREFIX) and framework in frameworks():
            yield framework, platform


def _image(image: EngineImage, framework: str, platform: str) -> Image:
    return Image(
        framework=framework,
        platform=platform,
        ref=f"{PREFIX}{framework}:{platform}",
        digest=str(image.id),
        size_bytes=image.attrs["Size"],
        labels=dict(image.labels),
    )


def _lock(name: str) -> Path:
    return PROJECT / folder(name) / "requirements.txt"
