"""The images on the engine, and the labels that they must have. `bench.images.bake` builds them."""

import hashlib
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import docker
from docker.models.images import Image as EngineImage

from bench.core.errors import HostError
from bench.core.matrix.platforms import architecture as architecture
from bench.core.matrix.platforms import native_platform as native_platform
from bench.core.matrix.vendor_images import FOLDER, STAND_IN, base, vendored
from bench.core.paths import PROJECT
from bench.images import engine as engines
from runner import __version__ as runner_version
from runner.protocol import PROTOCOL, hash_artifact, hash_runner

STEP_PREFIX = (
    "models-"  # images with this prefix make models, from folders of models/; all others are from images/<name>
)
BENCH_IMAGE = "bench"  # the image of bench itself, whose context is the whole project
NOT_FRAMEWORKS = {"base", "sbom", "vendor", BENCH_IMAGE}  # the folders of images/ that are not frameworks
PREFIX = "edgebench/"
RECIPE = "org.edgebench.recipe.sha256"  # the label that says what an image was built from
PIN = re.compile(r"^([A-Za-z0-9._-]+)==(\S+)", re.MULTILINE)


@dataclass(frozen=True, kw_only=True)
class Image:
    """A framework's image on the engine. `image_id` is the engine's id of it, `size_bytes` its size there.

    `repo_digest` is its name in the registry that it was pulled from; None when it was built on this machine.
    """

    framework: str
    platform: str
    ref: str
    image_id: str
    size_bytes: int
    labels: dict[str, str]
    repo_digest: str | None = None


Locate = Callable[[str], Image]  # returns the image that a run uses for a framework; raises HostError


def frameworks() -> list[str]:
    """The frameworks with an image: the folders of images/ with a Dockerfile, sorted."""
    folders = (path.parent.name for path in (PROJECT / "images").glob("*/Dockerfile"))
    return sorted(name for name in folders if name not in NOT_FRAMEWORKS)


def compiled_frameworks() -> list[str]:
    """The frameworks that are compiled in their image: the Dockerfile has a stage `library`, which models/ uses."""
    stage = re.compile(r"^FROM .* AS library$", re.MULTILINE)
    return [name for name in frameworks() if stage.search((PROJECT / folder(name) / "Dockerfile").read_text())]


def step_images() -> list[str]:
    """The images that make models: the folders of models/ with a Dockerfile, sorted, with their prefix."""
    return sorted(STEP_PREFIX + path.parent.name for path in (PROJECT / "models").glob("*/Dockerfile"))


def folder(name: str) -> str:
    """The folder of an image's Dockerfile and lock file, relative to the project's root."""
    return f"models/{name.removeprefix(STEP_PREFIX)}" if name.startswith(STEP_PREFIX) else f"images/{name}"


def lock_file(name: str, platform: str) -> Path:
    """The lock file of an image: the platform's own if it exists. It is missing for an image without packages."""
    if name == BENCH_IMAGE:
        return PROJECT / "requirements" / "bench.txt"
    own = PROJECT / folder(name) / f"requirements.{platform}.txt"
    return own if own.exists() else own.with_name("requirements.txt")


def pins(name: str, platform: str) -> dict[str, str]:
    """Maps package to version, from the lock file of an image; empty without a lock file."""
    lock = lock_file(name, platform)
    return dict(PIN.findall(lock.read_text())) if lock.exists() else {}


def version(framework: str, platform: str) -> str:
    """The version of the framework: from the file `version`, else the locked version of the first requirement.

    For a vendor's image it is the image's tag; the runner reports the true version in each launch.
    """
    if held := base(framework, platform):
        return held.rpartition(":")[2]
    stated = PROJECT / folder(framework) / "version"
    if stated.exists():
        return stated.read_text().strip()
    requested = PIN.search(lock_file(framework, platform).with_suffix(".in").read_text())
    assert requested, f"images/{framework}/requirements.in must begin with the framework's own package"
    return pins(framework, platform)[requested[1]]


def recipe_hash(framework: str) -> str:
    """The SHA-256 of all files that define a framework's image: Dockerfile, lock files, patches."""
    folders = [folder(framework), *([FOLDER] if framework in vendored() else [])]
    hashes: list[str] = [hash_artifact(str(PROJECT / each)) for each in folders]  # type: ignore[no-untyped-call]
    return hashes[0] if len(hashes) == 1 else hashlib.sha256("".join(hashes).encode()).hexdigest()


def labels(framework: str, platform: str) -> dict[str, str]:
    """The labels of a framework's image: the versions and hashes of what it was built from."""
    return {
        "org.opencontainers.image.version": runner_version,
        "org.edgebench.framework": framework,
        "org.edgebench.framework.version": version(framework, platform),
        "org.edgebench.protocol": str(PROTOCOL),
        RECIPE: recipe_hash(framework),
        "org.edgebench.runner.sha256": hash_runner(),
        "org.edgebench.runner.version": runner_version,
    }


def inspect(framework: str, platform: str, engine: docker.DockerClient | None = None) -> Image | None:
    """The framework's image for a platform, or None when the engine does not have it."""
    client = engine or engines.connect()
    try:
        return _image(client.images.get(f"{PREFIX}{framework}:{platform}"), framework, platform)
    except docker.errors.ImageNotFound:
        return None


def require(engine: docker.DockerClient, framework: str, platform: str) -> Image:
    """The framework's image. Raises HostError when it is missing or was built from other sources."""
    hint = f"make images/{framework}" + (f" PLATFORM={platform}" if platform != native_platform() else "")
    image = inspect(framework, platform, engine)
    if image is None:
        raise HostError(f"there is no image {PREFIX}{framework}:{platform}", hint)
    if STAND_IN in image.labels:
        what = f"the image {image.ref} stands on a stand-in: it holds nothing of {base(framework, platform)}"
        raise HostError(
            what, f"build it where that can be pulled: bench images build {framework} --platform {platform}"
        )
    for label, wanted in labels(framework, platform).items():
        if image.labels.get(label) != wanted:
            found = image.labels.get(label, "nothing")
            raise HostError(f"the image {image.ref} says {label} is {found}, the sources say {wanted}", hint)
    return image


def list_images(engine: docker.DockerClient | None = None) -> list[Image]:
    """All images of frameworks on the engine, sorted by framework and platform."""
    client = engine or engines.connect()
    found = [_image(image, *named) for image in client.images.list() for named in _names(image)]
    return sorted(found, key=lambda image: (image.framework, image.platform))


def _names(image: EngineImage) -> Iterator[tuple[str, str]]:
    """The framework and the platform of each tag that is one of ours."""
    for tag in image.tags:
        framework, _, platform = tag.removeprefix(PREFIX).partition(":")
        if tag.startswith(PREFIX) and framework in frameworks():
            yield framework, platform


def _image(image: EngineImage, framework: str, platform: str) -> Image:
    return Image(
        framework=framework,
        platform=platform,
        ref=f"{PREFIX}{framework}:{platform}",
        image_id=str(image.id),
        size_bytes=image.attrs["Size"],
        labels=dict(image.labels),
    )
