"""From the engine to a registry: a framework's images with what is known of them, and the tags last of all.

Layers on this machine are not compressed. What is pushed is baked again, which the build's cache makes an export only,
into an OCI layout with compressed layers and provenance; the SBOM is added there. Then blobs and manifests travel by
digest, and when all platforms have arrived their tags are written, that of the version last.
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
    """One platform of a framework that arrived. `digest` is the image's own; sizes are compressed bytes."""

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
        """Push a framework's images; the tags and their digests go with what arrived.

        `declared` are all platforms that the framework has images for: those that the registry has already, of the same
        version, stay in the version's index. Raises HostError, and then no tag was written.
        """
        for platform in platforms:  # all of them, before anything long is begun
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
        """What the platform's tag names, when that is this very image with its attestations."""
        repository = self.registry.repository(framework)
        index = self.registry.manifest(repository, platform)
        complete = index is not None and index.is_index and attestation_of(index.value, digest) is not None
        return index if complete else None

    def _send(self, framework: str, platform: str, layout: Layout) -> int:
        """Send what the registry does not have yet, what is named before what names it; how many bytes travelled."""
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
    """How layers are compressed when the user does not say: JetPack's engine is older than what reads zstd."""
    return "gzip" if platform.startswith("l4t") else "zstd"


def export(framework: str, platform: str, compression: str, folder: Path) -> Layout:
    """A framework's image as an OCI layout with provenance. Raises HostError with the builder's words."""
    output = f"type=oci,tar=false,dest={folder},compression={compression},force-compression=true,oci-mediatypes=true"
    overrides = {"output": output, "attest": "type=provenance,mode=max"}
    bake.export(framework, platform, overrides, say=lambda _line: None)
    return Layout(folder)


@contextmanager
def _about(framework: str, platform: str, outcome: str) -> Iterator[None]:
    """Have an error say which image could not be pushed, and what that leaves in the registry."""
    try:
        yield
    except HostError as error:
        raise HostError(f"pushing {framework} for {platform}: {error}; {outcome}", error.hint) from error
