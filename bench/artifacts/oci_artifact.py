"""A model of the store as an OCI artifact: the index is the configuration, each file of the artifacts is a layer.

Layers are unchanged files: a file that two artifacts or pushes share is sent once, and a file has the same digest in
the store and in a registry. A folder becomes one layer per file, with the path as the title.
"""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import Any

from bench.artifacts.store import SCHEMA, Manifest
from bench.core import files
from bench.core.errors import HostError
from bench.images.registry.oci import MANIFEST, Descriptor, digest_of, make_manifest
from bench.images.registry.oci import Manifest as OciManifest

TYPE = "application/vnd.edgebench.model.v1"
CONFIG = "application/vnd.edgebench.model.config.v1+json"
FILE = "application/vnd.edgebench.model.file.v1"
TITLE = "org.opencontainers.image.title"
BELONGS = "org.edgebench.artifact"  # on a layer: the SHA-256 of the artifact to which the file belongs


def pack(index: Manifest, layers: Sequence[Descriptor]) -> tuple[OciManifest, bytes]:
    """Return the manifest of an index with these layers, and the configuration."""
    config = (json.dumps(index, indent=1, sort_keys=True) + "\n").encode()
    described = {"mediaType": CONFIG, "digest": digest_of(config), "size": len(config)}
    value = {"schemaVersion": 2, "mediaType": MANIFEST, "artifactType": TYPE, "config": described, "layers": [*layers]}
    return make_manifest(value), config


def layers_of(entry: Mapping[str, Any], root: Path) -> dict[str, tuple[Descriptor, Path]]:
    """Map digest and title to the layer and the path of each file of one index entry."""
    path = root / entry["path"]
    found = {}
    for file in files.files_of(path):
        title = path.name if file == path else f"{path.name}/{file.relative_to(path).as_posix()}"
        digest = f"sha256:{files.hash_of(file)}"
        notes = {TITLE: title, BELONGS: entry["sha256"]}
        found[f"{digest} {title}"] = ({"mediaType": FILE, "digest": digest, "size": file.stat().st_size,
                                       "annotations": notes}, file)  # fmt: skip
    return found


def unpack(manifest: OciManifest, config: bytes, model: str) -> Manifest:
    """Return the index of a model. Raises HostError if it is invalid, or the index of another model."""
    try:
        index: Manifest = json.loads(config)
        fine = manifest.value.get("artifactType") == TYPE and index["schema"] == SCHEMA and index["model"] == model
        entries = [index["reference"], *index["artifacts"]]
        fine = fine and all(_safe(layer["annotations"][TITLE]) for layer in manifest.value["layers"])
        fine = fine and all(isinstance(entry["sha256"], str) and _safe(entry["path"]) for entry in entries)
        fine = fine and all(isinstance(entry["key"], str) for entry in index["artifacts"])
        fine = fine and ("own" not in index or _is_key(index["own"]["key"], index["key"]))
    except (KeyError, TypeError, ValueError):
        fine = False
    if not fine:
        raise HostError(f"what the registry has as {model} is no model of this version", "push it again")
    return index


def files_for(manifest: OciManifest, entry: Mapping[str, Any]) -> list[Descriptor]:
    """Return the layers of one index entry."""
    return [layer for layer in manifest.value["layers"] if layer["annotations"].get(BELONGS) == entry["sha256"]]


def _is_key(own: str, key: str) -> bool:
    """Return whether a user's key equals the key of the index and is a safe file name."""
    return own == key and _safe(key) and "/" not in key


def _safe(title: str) -> bool:
    """Return whether a path stays below its folder."""
    path = PurePosixPath(title)
    return bool(path.parts) and not path.is_absolute() and ".." not in path.parts
