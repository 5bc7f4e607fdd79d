"""Pulls images from a registry by the digests of the lock file. An image whose tag has moved is refused."""

from collections.abc import Callable
from typing import Any

import docker
import requests
from docker.models.images import Image as EngineImage

from bench.core.errors import HostError
from bench.images.engine import ENGINE_GONE, gone
from bench.images.local import Image, architecture
from bench.images.registry.client import Registry
from bench.images.registry.lock import Lock, Locked
from bench.images.registry.oci import Descriptor
from bench.images.registry.progress import Watcher
from bench.images.registry.remote_image import Remote, find_remote
from runner.protocol import PROTOCOL

ZSTD_SINCE = 23  # first version of the engine that reads zstd with every storage driver


class Puller:
    """Finds the locked images on the engine, and pulls those that it does not have."""

    def __init__(
        self, engine: docker.DockerClient, lock: Lock, watcher: Watcher, *, by_digest_alone: bool = False
    ) -> None:
        self.engine, self.lock, self.watcher = engine, lock, watcher
        self.by_digest_alone = by_digest_alone
        self._registry: Registry | None = None  # connected only when an image is missing

    @property
    def registry(self) -> Registry:
        """The registry of the lock file."""
        if self._registry is None:
            self._registry = Registry(self.lock.registry, self.engine)
        return self._registry

    def find(self, framework: str, platform: str) -> Image | None:
        """The locked image on the engine, or None. Raises HostError when its platform or labels are wrong."""
        locked = self.lock.find(framework, platform)
        ref = self._name(framework, locked)
        try:
            image = self.engine.images.get(ref)
        except docker.errors.ImageNotFound:
            return None
        _check(image, framework, platform, ref)
        return Image(
            framework=framework,
            platform=platform,
            ref=ref,
            image_id=str(image.id),
            size_bytes=image.attrs["Size"],
            labels=dict(image.labels),
            repo_digest=ref,
        )

    def require(self, framework: str, platform: str) -> Image:
        """The locked image, pulled when the engine does not have it. Raises HostError naming image and platform."""
        try:
            found = self.find(framework, platform)
            if found is None:
                self.pull(framework, platform)
                found = self.find(framework, platform)
        except HostError as error:
            raise HostError(f"pulling {framework} for {platform}: {error}", error.hint) from error
        assert found, "the engine said that it has it now"
        return found

    def pull(self, framework: str, platform: str) -> None:
        """Pull by digest. Raises HostError before the transfer when the platform's tag has moved to another image."""
        locked = self.lock.find(framework, platform)
        remote = find_remote(self.registry, framework, platform, locked.digest)
        if remote is None:
            what = f"{self.registry.address} does not have {self._name(framework, locked)} any more"
            raise HostError(what, f"push it again, or lock what is there: {relock(self.lock, framework)}")
        if not self.by_digest_alone and (moved := moved_tag(self.registry, framework, platform, locked)):
            raise HostError(moved, f"if that is meant to be so: {relock(self.lock, framework)}")
        self._refuse_zstd(remote)
        what = f"{framework} for {platform}"
        self.watcher.begin(what, sum(layer["size"] for layer in remote.layers))
        came = self._pull(remote)
        here, size = len(remote.layers) - len(came), sum(layer["size"] for layer in came) / 1e6
        self.watcher.end(f"{what}: {size:.1f} MB pulled, {here} of {len(remote.layers)} layers were here")
        self._tag(framework, platform, locked)

    def _name(self, framework: str, locked: Locked) -> str:
        """The same as `Registry.ref`, without a connection to the registry."""
        return f"{self.lock.registry}/edgebench/{framework}@{locked.digest}"

    def _pull(self, remote: Remote) -> list[Descriptor]:
        """Let the engine pull. Returns the layers that were transferred."""
        repository = remote.ref.partition("@")[0]
        platform = f"linux/{architecture(remote.platform)}"
        pieces = Pieces(self.watcher.advance)
        try:
            digest = remote.manifest_digest
            events = self.engine.api.pull(repository, tag=digest, platform=platform, stream=True, decode=True)
            for event in events:
                if "error" in event:
                    raise _refused(remote, str(event["error"]))
                pieces.hear(event)
        except docker.errors.APIError as error:
            raise _refused(remote, str(error.explanation or error)) from None
        except requests.exceptions.ReadTimeout:
            raise _refused(remote, "it made no headway") from None
        except ENGINE_GONE as error:
            raise gone(error) from None
        return [layer for layer in remote.layers if pieces.travelled(layer)]

    def _tag(self, framework: str, platform: str, locked: Locked) -> None:
        """Tag the image, so that users find it and pruning of untagged images keeps it."""
        self.engine.images.get(self._name(framework, locked)).tag(
            f"{self.lock.registry}/edgebench/{framework}", tag=platform
        )

    def _refuse_zstd(self, remote: Remote) -> None:
        version = str(self.engine.version().get("Version", ""))
        old = version.partition(".")[0].isdecimal() and int(version.partition(".")[0]) < ZSTD_SINCE
        if old and any(str(layer["mediaType"]).endswith("+zstd") for layer in remote.layers):
            raise HostError(
                f"{remote.ref} is compressed with zstd, which this engine ({version}) cannot unpack",
                f"use Docker {ZSTD_SINCE} or later, or push it with --compression gzip and lock it again",
            )


class Pieces:
    """Follows the layers of one pull by the engine's events. It may send no event for layers that it already has."""

    def __init__(self, advance: Callable[[int], None]) -> None:
        self.advance = advance
        self.fetched: dict[str, int] = {}  # the layer's short digest → bytes so far

    def hear(self, event: dict[str, Any]) -> None:
        """Process one event of the engine."""
        layer, status = str(event.get("id", "")), event.get("status")
        if status in ("Downloading", "Download complete"):
            before = self.fetched.get(layer, 0)
            self.fetched[layer] = max(before, (event.get("progressDetail") or {}).get("current") or 0)
            self.advance(self.fetched[layer] - before)

    def travelled(self, layer: Descriptor) -> bool:
        """Whether a layer was transferred from the registry."""
        return layer["digest"].removeprefix("sha256:")[:12] in self.fetched


def moved_tag(registry: Registry, framework: str, platform: str, locked: Locked) -> str | None:
    """A message when the platform's tag names another image than the locked one; None when not, or without a tag."""
    now = find_remote(registry, framework, platform, platform)
    if now is None or now.manifest_digest == locked.digest:
        return None
    return f"the tag {now.ref} names {now.manifest_digest} now, and the lock file says {locked.digest}"


def relock(lock: Lock, framework: str) -> str:
    """The command that locks what the registry has now."""
    return f"bench images lock --registry {lock.registry} {framework}"


def _refused(remote: Remote, said: str) -> HostError:
    """The error to raise when the engine could not pull."""
    hint = "see that the registry works and the disk has room, and run the same again: it goes on where it was"
    if "unexpected commit digest" in said or "not found" in said or "unknown" in said:
        hint = f"the registry is damaged: {_push(remote)}, or pull from another one"
    return HostError(f"the engine could not pull {remote.ref}: {said}", hint)


def _push(remote: Remote) -> str:
    return f"bench images push {remote.framework} --platform {remote.platform}"


def _check(image: EngineImage, framework: str, platform: str, ref: str) -> None:
    """Check platform, framework and protocol of an image on the engine. Raises HostError."""
    is_for, wanted = image.attrs.get("Architecture"), architecture(platform)
    if is_for != wanted:
        raise HostError(f"{ref} is for linux/{is_for}, and {platform} is linux/{wanted}", "lock the right one")
    for label, right in (("org.edgebench.framework", framework), ("org.edgebench.protocol", str(PROTOCOL))):
        if (found := image.labels.get(label, "nothing")) != right:
            hint = f"build and push it again: make images/{framework}"
            raise HostError(f"{ref} says {label} is {found}, and it must be {right}", hint)
