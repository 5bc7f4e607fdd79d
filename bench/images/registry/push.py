"""Pushes a framework's images with provenance and SBOM from the engine to a registry.

The engine's layers are not compressed. So an image is baked again from the build's cache, which only exports it, into
an OCI layout with compressed layers and provenance; the SBOM is added there. Blobs and manifests are sent by digest.
After all platforms have arrived the tags are written, the tag of the version last.
"""

import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import docker

from bench.core.errors import HostError
from bench.core.paths import cache
from bench.images import bake
from bench.images.local import require
from bench.images.registry.client import Registry
from bench.images.registry.oci import SPDX, Descriptor, Layout, Manifest, attestation_of, make_index
from bench.images.registry.progress import Watcher
from bench.images.registry.remote_image import INDEXED, find_remote, version_tag
from bench.images.sbom import inventory


@dataclass(frozen=True, kw_only=True)
class Pushed:
    """One pushed platform of a framework. `manifest_digest` is the image's own; sizes are compressed bytes."""

    framework: str
    platform: str
    version: str
    manifest_digest: str
    size_bytes: int
    sent_bytes: int
    index: Manifest


class Pusher:
    """Pushes frameworks, one after the other, to one registry."""

    def __init__(self, engine: docker.DockerClient, registry: Registry, watcher: Watcher) -> None:
        self.engine, self.registry, self.watcher = engine, registry, watcher
        self.known: dict[str, str] = {}  # blob → a repository that has it

    def push(
        self, framework: str, platforms: Sequence[str], declared: Iterable[str], compression: str | None = None
    ) -> tuple[list[Pushed], dict[str, str]]:
        """Push a framework's images. Returns what was pushed, and the digest of each written tag.

        `declared` are all platforms of the framework: those that the registry already has in the same version stay in
        the version's index. Raises HostError; its message says what the registry has then.
        """
        for platform in platforms:  # checks all of them before the first transfer
            with _about(framework, platform, "nothing was sent"):
                require(self.engine, framework, platform)
        done = []
        for platform in platforms:
            with _about(framework, platform, "no tag was written"):
                done.append(self._push_one(framework, platform, compression or compression_for(platform)))
        with _about(framework, ", ".join(platforms), "it has arrived, but not all of its tags were written"):
            return done, self._tag(framework, done, declared)

    def _push_one(self, framework: str, platform: str, compression: str) -> Pushed:
        image = require(self.engine, framework, platform)
        self.watcher.begin(f"{framework} for {platform}: compressing")
        # In our own cache: /tmp may be small, and in memory.
        scratch = cache() / "push"
        scratch.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix="partial-", dir=scratch) as folder:
            layout = export(framework, platform, compression, Path(folder) / "layout")
            layers = self.engine.images.get(image.image_id).attrs["RootFS"]["Layers"]
            if layout.config()["rootfs"]["diff_ids"] != layers:
                raise HostError(
                    "the build's cache was cleared, and what it makes now is not the image on this machine",
                    f"make images/{framework}, measure with that one, and push it",
                )
            index, sent = self._there(framework, platform, layout.image.digest), 0
            if index is None:
                layout.attest(SPDX, inventory(framework, platform))
                index, sent = layout.index, self._send(framework, platform, layout)
            else:
                self.watcher.end(f"{framework} for {platform}: is there")
        manifest = layout.image.value
        return Pushed(
            framework=framework,
            platform=platform,
            version=image.labels["org.edgebench.framework.version"],
            manifest_digest=layout.image.digest,
            size_bytes=manifest["config"]["size"] + sum(layer["size"] for layer in manifest["layers"]),
            sent_bytes=sent,
            index=index,
        )

    def _there(self, framework: str, platform: str, digest: str) -> Manifest | None:
        """The index that the platform's tag names, if it has this image with its attestations; else None."""
        repository = self.registry.repository(framework)
        index = self.registry.manifest(repository, platform)
        complete = index is not None and index.is_index and attestation_of(index.value, digest) is not None
        return index if complete else None

    def _send(self, framework: str, platform: str, layout: Layout) -> int:
        """Send what the registry lacks, blobs before manifests. Returns the number of bytes sent."""
        repository = self.registry.repository(framework)
        blobs: dict[str, Descriptor] = {}
        for manifest in (layout.image, layout.attestation):
            blobs |= {each["digest"]: each for each in [*manifest.value["layers"], manifest.value["config"]]}
        missing = [each for digest, each in blobs.items() if not self.registry.has_blob(repository, digest)]
        self.watcher.begin(f"{framework} for {platform}", sum(each["size"] for each in missing))
        sent = shared = 0
        for each in missing:
            digest, path = each["digest"], layout.blob(each["digest"])
            travelled = self.registry.send_blob(repository, digest, path, self.known.get(digest), self.watcher.advance)
            sent += each["size"] if travelled else 0
            shared += not travelled
        self.known |= dict.fromkeys(blobs, repository)
        for manifest in (layout.image, layout.attestation, layout.index):
            self.registry.send_manifest(repository, manifest.digest, manifest)
        there = len(blobs) - len(missing) + shared
        self.watcher.end(
            f"{framework} for {platform}: {sent / 1e6:.1f} MB sent, {there} of {len(blobs)} blobs were there"
        )
        return sent

    def _tag(self, framework: str, done: Sequence[Pushed], declared: Iterable[str]) -> dict[str, str]:
        """Write the tags of the platforms, and of each version the index of all its platforms; tag → digest."""
        repository = self.registry.repository(framework)
        tags = {pushed.platform: pushed.index for pushed in done}
        for version in {pushed.version: None for pushed in done if pushed.platform in INDEXED}:
            entries = {
                pushed.platform: pushed.index.value["manifests"]
                for pushed in done
                if pushed.version == version and pushed.platform in INDEXED
            }
            for platform in sorted(set(declared) & set(INDEXED) - set(entries) - set(tags)):
                there = find_remote(self.registry, framework, platform, platform)
                if there is not None and there.version == version:
                    entries[platform] = there.entries
            tags[version_tag(version)] = make_index(entry for name in sorted(entries) for entry in entries[name])
        for tag, manifest in tags.items():
            self.registry.send_manifest(repository, tag, manifest)
        return {self.registry.ref(framework, tag): manifest.digest for tag, manifest in tags.items()}


def compression_for(platform: str) -> str:
    """The default compression of a platform's layers. JetPack's engine is too old for zstd."""
    return "gzip" if platform.startswith("l4t") else "zstd"


def export(framework: str, platform: str, compression: str, folder: Path) -> Layout:
    """Export a framework's image as an OCI layout with provenance. Raises HostError with the builder's message."""
    output = f"type=oci,tar=false,dest={folder},compression={compression},force-compression=true,oci-mediatypes=true"
    overrides = {"output": output, "attest": "type=provenance,mode=max"}
    bake.export(framework, platform, overrides, say=lambda _line: None)
    return Layout(folder)


@contextmanager
def _about(framework: str, platform: str, outcome: str) -> Iterator[None]:
    """Add to an error which image could not be pushed, and the state of the registry."""
    try:
        yield
    except HostError as error:
        raise HostError(f"pushing {framework} for {platform}: {error}; {outcome}", error.hint) from error
