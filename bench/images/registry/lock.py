"""images.lock: the digest of each framework's and platform's image in a registry (docs/registry.md)."""

import json
import os
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, ValidationError

from bench.core.errors import ConfigError, HostError
from bench.core.matrix.base import Entry, Name, Platform
from bench.core.paths import PROJECT
from bench.images.registry.client import Registry
from bench.images.registry.remote_image import Remote, find_remote
from runner.protocol import PROTOCOL

Digest = Annotated[str, Field(pattern=r"^sha256:[0-9a-f]{64}$")]


class Locked(Entry):
    """One image. `digest` is that of its manifest, `size_bytes` its compressed size, `protocol` the runner's.

    `index` is the digest of the index with the image, its SBOM and its provenance; null for an image without them.
    """

    digest: Digest
    index: Digest | None
    size_bytes: Annotated[int, Field(ge=0)]
    version: str
    protocol: int


class Lock(Entry):
    """The whole file: a registry and its images, by framework and platform."""

    schema_version: Literal[1] = 1
    registry: str
    images: dict[Name, dict[Platform, Locked]]

    def find(self, framework: str, platform: str) -> Locked:
        """The locked image. Raises HostError when the file does not name one."""
        named: Mapping[Any, Locked] = self.images.get(framework, {})
        if platform not in named:
            hint = f"push and lock it: bench images lock --registry {self.registry} {framework}; or measure what was "
            raise HostError(
                f"the lock file names no image of {framework} for {platform}", f"{hint}built here: --images local"
            )
        return named[platform]


def lock_path(named: Path | None = None) -> Path:
    """The path of the lock file: `named`, else EDGEBENCH_LOCK, else images.lock of the project."""
    return named or Path(os.environ.get("EDGEBENCH_LOCK") or PROJECT / "images.lock")


def read_lock(path: Path) -> Lock:
    """Read a lock file. Raises ConfigError when it is missing or invalid."""
    try:
        return Lock.model_validate_json(path.read_bytes())
    except FileNotFoundError:
        raise ConfigError(f"there is no lock file {path}", "make one: bench images lock --registry R") from None
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error}") from None
    except ValidationError as error:
        faults = (f"{path}: {'.'.join(map(str, each['loc'])) or 'the file'}: {each['msg']}" for each in error.errors())
        raise ConfigError("\n".join(faults), "make it anew: bench images lock --registry R") from None


def write_lock(path: Path, lock: Lock) -> None:
    """Write a lock file atomically, with sorted keys, so that diffs are small. Raises ConfigError."""
    text = json.dumps(lock.model_dump(), indent=2, sort_keys=True) + "\n"
    try:
        with tempfile.NamedTemporaryFile("w", dir=path.parent, prefix=f"{path.name}.", delete=False) as stream:
            stream.write(text)
        Path(stream.name).chmod(0o644)
        Path(stream.name).replace(path)
    except OSError as error:
        raise ConfigError(f"{path} cannot be written: {error}") from None


def chosen_lock(images: str | None, named: Path | None = None) -> Lock | None:
    """The lock file that a run uses; None when it uses images that were built on this machine.

    `images` is `local`, `locked`, or None: locked where there is a lock file.
    """
    if images == "local":
        return None
    path = lock_path(named)
    if images is None and named is None and "EDGEBENCH_LOCK" not in os.environ and not path.exists():
        return None
    return read_lock(path)


def lock_of(images: Mapping[str, Mapping[str, Any]], platform: str) -> Lock | None:
    """The lock of a run, from the `images` of its run.json; None when it used images built on the machine.

    `platform` is used for images without one: older runs knew only the machine's own platform.
    """
    registry, locked = "", {}
    for framework, facts in images.items():
        name, _, digest = str(facts.get("repo_digest") or "").partition("@")
        if digest:
            registry = name.removesuffix(f"/edgebench/{framework}")
            version = str(facts["labels"]["org.edgebench.framework.version"])
            image = Locked(digest=digest, index=None, size_bytes=0, version=version, protocol=PROTOCOL)
            locked[framework] = {facts.get("platform") or platform: image}
    return Lock.model_validate({"registry": registry, "images": locked}) if locked else None


def make_lock(
    registry: Registry, wanted: Mapping[str, Sequence[str]], before: Lock | None = None, *, all_of_them: bool = True
) -> Lock:
    """Lock what the registry's tags name now, for these frameworks and platforms; the rest is copied from `before`.

    Raises HostError for an image with another runner protocol, and for a framework without any image in the registry
    (with `all_of_them` false only when all frameworks have none).
    """
    images: dict[Any, dict[Any, Locked]] = {**before.images} if before else {}
    for framework, platforms in wanted.items():
        found = {}
        for platform in platforms:
            remote = find_remote(registry, framework, platform, platform)
            if remote is not None:
                found[platform] = _locked(remote)
        if found:
            images[framework] = found
        elif all_of_them:
            what = f"{registry.address} has no image of {framework} for {', '.join(platforms)}"
            raise HostError(what, f"bench images push --registry {registry.address} {framework}")
    if not images:
        raise HostError(f"{registry.address} has no image of ours", f"bench images push --registry {registry.address}")
    return Lock(registry=registry.address, images=images)


def _locked(image: Remote) -> Locked:
    if image.protocol != PROTOCOL:
        raise HostError(
            f"{image.ref} speaks the runner protocol {image.protocol or 'of nobody'}, and bench speaks {PROTOCOL}",
            f"build and push it again: make images/{image.framework}",
        )
    return Locked(
        digest=image.manifest_digest,
        index=image.index,
        size_bytes=image.size_bytes,
        version=image.version,
        protocol=image.protocol,
    )
