"""The image of one platform in a registry, behind a tag or a digest, and its attestations."""

import json
import re
from dataclasses import dataclass
from typing import Any

from bench.core.errors import HostError
from bench.images.local import architecture
from bench.images.registry.client import Registry
from bench.images.registry.oci import PREDICATE, Descriptor, Manifest, attestation_of, images_of

# Platforms with an entry in a version's index. All of L4T are linux/arm64 to a registry, so they have only own tags.
INDEXED = ("amd64", "arm64")


@dataclass(frozen=True, kw_only=True)
class Remote:
    """An image in a registry. `manifest_digest` is the image's, not the index's; `size_bytes` is compressed.

    `index` is the digest of the index with the image and its attestations; None for an image without an index.
    """

    framework: str
    platform: str
    ref: str
    manifest_digest: str
    index: str | None
    size_bytes: int
    layers: list[Descriptor]
    labels: dict[str, str]
    entries: list[Descriptor]  # the index's entries of the image and its attestations

    @property
    def version(self) -> str:
        """The framework's version."""
        return self.labels.get("org.edgebench.framework.version", "unknown")

    @property
    def protocol(self) -> int:
        """The runner protocol of its label; 0 without one."""
        said = self.labels.get("org.edgebench.protocol", "")
        return int(said) if said.isdecimal() else 0


def version_tag(version: str) -> str:
    """The tag of a version. Characters that a tag may not have, as in `2.13.0+cpu`, become `_`."""
    return re.sub(r"[^A-Za-z0-9_.-]", "_", version)[:128]


def find_remote(registry: Registry, framework: str, platform: str, reference: str) -> Remote | None:
    """The image of a platform behind a tag or digest; None when the registry does not have it.

    Raises HostError when it is for another architecture or not an image of this project.
    """
    repository, ref = registry.repository(framework), registry.ref(framework, reference)
    found = registry.manifest(repository, reference)
    if found is None:
        return None
    entries: list[Descriptor] = []
    image: Manifest | None = found
    try:
        if found.is_index:
            entries = _entries(found, ref, framework, platform)
            image = registry.manifest(repository, entries[0]["digest"])
        if image is None:
            raise HostError(f"{ref} names an image for {platform} that the registry does not have", "push it again")
        config = json.loads(registry.blob(repository, image.value["config"]["digest"]))
        layers = image.value["layers"]
        labels = dict((config.get("config") or {}).get("Labels") or {})
        size = image.value["config"]["size"] + sum(layer["size"] for layer in layers)
    except (KeyError, TypeError, ValueError):
        raise HostError(f"{ref} is no image ({found.media_type})", "look at what was pushed under that name") from None
    wanted, is_for = architecture(platform), str(config.get("architecture"))
    if is_for != wanted:
        raise HostError(f"{ref} is for linux/{is_for}, and {platform} is linux/{wanted}", _push(framework, platform))
    if labels.get("org.edgebench.framework") != framework:
        says = labels.get("org.edgebench.framework", "nothing of ours")
        raise HostError(f"{ref} says that it is an image of {says}, not {framework}", _push(framework, platform))
    return Remote(
        framework=framework,
        platform=platform,
        ref=ref,
        manifest_digest=image.digest,
        index=found.digest if found.is_index else None,
        size_bytes=size,
        layers=layers,
        labels=labels,
        entries=entries or [image.descriptor(platform={"architecture": wanted, "os": "linux"})],
    )


def statements(registry: Registry, image: Remote) -> dict[str, Any]:
    """The attestations of an image, by kind: provenance, SBOM."""
    repository = registry.repository(image.framework)
    found: dict[str, Any] = {}
    for entry in image.entries[1:]:
        manifest = registry.manifest(repository, entry["digest"])
        for layer in manifest.value["layers"] if manifest else ():
            statement = json.loads(registry.blob(repository, layer["digest"]))
            found[layer["annotations"][PREDICATE]] = statement["predicate"]
    return found


def _entries(index: Manifest, ref: str, framework: str, platform: str) -> list[Descriptor]:
    """The index's entries of the platform's image and, if there are any, of its attestations."""
    images = images_of(index.value)
    wanted = architecture(platform)
    for image in images:
        if (image["platform"]["os"], image["platform"]["architecture"]) == ("linux", wanted):
            about = attestation_of(index.value, image["digest"])
            return [image, about] if about else [image]
    offered = ", ".join(f"{each['platform']['os']}/{each['platform']['architecture']}" for each in images)
    raise HostError(
        f"{ref} is for {offered or 'no platform'}, and {platform} is linux/{wanted}", _push(framework, platform)
    )


def _push(framework: str, platform: str) -> str:
    return f"push the right one: bench images push {framework} --platform {platform}"
