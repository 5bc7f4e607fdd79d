"""Images in registries and OCI layouts: manifests, indexes and attestations.

An index names one manifest for each platform and the manifest of its attestations (BuildKit's form: the annotation
`vnd.docker.reference.digest` names the image). An attestation is an in-toto statement: provenance or SBOM.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

INDEX = "application/vnd.oci.image.index.v1+json"
MANIFEST = "application/vnd.oci.image.manifest.v1+json"
INDEXES = {INDEX, "application/vnd.docker.distribution.manifest.list.v2+json"}
MANIFESTS = {MANIFEST, "application/vnd.docker.distribution.manifest.v2+json"}
STATEMENT = "application/vnd.in-toto+json"
PREDICATE = "in-toto.io/predicate-type"  # the annotation of an attestation's layer
ABOUT = "vnd.docker.reference.digest"  # the annotation of an attestation's manifest: the image it is about
SPDX = "https://spdx.dev/Document"
PROVENANCE = "https://slsa.dev/provenance/"  # the version follows

Descriptor = dict[str, Any]


@dataclass(frozen=True)
class Manifest:
    """A manifest or an index: its bytes and their media type."""

    raw: bytes
    media_type: str

    @property
    def digest(self) -> str:
        """The digest of the bytes."""
        return digest_of(self.raw)

    @property
    def value(self) -> dict[str, Any]:
        """The bytes as JSON. Raises ValueError when they are not a JSON object."""
        value = json.loads(self.raw)
        if not isinstance(value, dict):
            raise ValueError("not a manifest")
        return value

    @property
    def is_index(self) -> bool:
        """Whether it names other manifests instead of layers."""
        return self.media_type in INDEXES

    def descriptor(self, **more: Any) -> Descriptor:
        """The entry of an index that names it."""
        return {"mediaType": self.media_type, "digest": self.digest, "size": len(self.raw), **more}


def digest_of(data: bytes) -> str:
    """The digest of some bytes in OCI's notation."""
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


def make_manifest(value: Mapping[str, Any]) -> Manifest:
    """The manifest or index of this content; its `mediaType` decides which."""
    return Manifest(json.dumps(value, indent=2).encode(), value["mediaType"])


def make_index(descriptors: Iterable[Descriptor]) -> Manifest:
    """An index of these manifests."""
    return make_manifest({"schemaVersion": 2, "mediaType": INDEX, "manifests": list(descriptors)})


def images_of(index: Mapping[str, Any]) -> list[Descriptor]:
    """The images that an index names, without their attestations."""
    return [each for each in index.get("manifests", ()) if ABOUT not in each.get("annotations", {})]


def attestation_of(index: Mapping[str, Any], digest: str) -> Descriptor | None:
    """The entry of an index for the attestations of an image, or None."""
    for each in index.get("manifests", ()):
        if each.get("annotations", {}).get(ABOUT) == digest:
            return dict(each)
    return None


class Layout:
    """A folder that BuildKit's `type=oci,tar=false` made: one image and its attestations."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (top,) = json.loads((folder / "index.json").read_text())["manifests"]
        self.index = self.manifest(top)
        (image,) = images_of(self.index.value)
        self.platform: dict[str, Any] = image["platform"]
        self.image = self.manifest(image)
        found = attestation_of(self.index.value, self.image.digest)
        assert found, "it was made with provenance"
        self.attestation = self.manifest(found)

    def blob(self, digest: str) -> Path:
        """The path of a blob."""
        return self.folder / "blobs" / digest.replace(":", "/")

    def manifest(self, descriptor: Mapping[str, Any]) -> Manifest:
        """The manifest of a descriptor."""
        return Manifest(self.blob(descriptor["digest"]).read_bytes(), descriptor["mediaType"])

    def config(self) -> dict[str, Any]:
        """The image's configuration: labels, architecture, the digests of its unpacked layers."""
        value: dict[str, Any] = json.loads(self.blob(self.image.value["config"]["digest"]).read_bytes())
        return value

    def attest(self, kind: str, predicate: Mapping[str, Any]) -> None:
        """Add a statement of this kind about the image, in the form that BuildKit uses."""
        old = self.attestation.value
        first = json.loads(self.blob(old["layers"][0]["digest"]).read_bytes())
        statement = {
            "_type": first["_type"],
            "predicateType": kind,
            "subject": first["subject"],
            "predicate": predicate,
        }
        layer = self._keep(json.dumps(statement).encode(), STATEMENT) | {"annotations": {PREDICATE: kind}}
        layers = [*old["layers"], layer]
        config = json.loads(self.blob(old["config"]["digest"]).read_bytes())
        config["rootfs"]["diff_ids"] = [each["digest"] for each in layers]
        kept = self._keep(json.dumps(config).encode(), old["config"]["mediaType"])
        self.attestation = make_manifest({**old, "config": kept, "layers": layers})
        about = {ABOUT: self.image.digest, "vnd.docker.reference.type": "attestation-manifest"}
        nowhere = {"architecture": "unknown", "os": "unknown"}
        self.index = make_index(
            [
                self.image.descriptor(platform=self.platform),
                self.attestation.descriptor(annotations=about, platform=nowhere),
            ]
        )

    def _keep(self, data: bytes, media_type: str) -> Descriptor:
        self.blob(digest_of(data)).write_bytes(data)
        return {"mediaType": media_type, "digest": digest_of(data), "size": len(data)}
