"""Pushes models of the store to a registry and pulls them, by digest: a board need not convert models."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.artifacts.oci_artifact import TITLE, files_for, layers_of, pack, unpack
from bench.artifacts.store import Manifest, Store, find_user_file
from bench.artifacts.user_models import missing_parts
from bench.core import files
from bench.core.errors import HostError
from bench.core.matrix.artifact_kind import Kind
from bench.images.registry.client import Registry
from bench.images.registry.oci import Manifest as OciManifest
from bench.images.registry.progress import Watcher

OWN = "own"  # the tag of a user's model; other models have one tag per definition

Wanted = Callable[[Kind], bool]


@dataclass(frozen=True, kw_only=True)
class Moved:
    """The result of a transfer of one model. Sizes are in bytes."""

    model: str
    digest: str
    artifacts: list[str]
    moved_bytes: int


class ModelPusher:
    """Pushes models of a store."""

    def __init__(self, store: Store, registry: Registry, watcher: Watcher) -> None:
        self.store, self.registry, self.watcher = store, registry, watcher
        self.known: dict[str, str] = {}  # blob digest → a repository that has the blob

    def push(self, model: str) -> Moved:
        """Push a model: files, then manifest, then tag. Other artifacts of the model in the registry stay.

        Raises HostError; then the tag is unchanged.
        """
        if model in self.store.user_models() and (error := missing_parts(self.store, model)):
            raise error
        index = self.store.manifest(model)
        if index is None or not index["artifacts"]:
            raise HostError(f"nothing of {model} is made", f"bench models build {model}")
        own = self.store.user_entry(model)
        index = index | ({"own": own} if own else {})
        repository, tag = repository_of(self.registry, model), tag_of(index)
        files: dict[str, tuple[dict[str, Any], Path]] = {}
        for entry in (index["reference"], *index["artifacts"]):
            files |= layers_of(entry, self.store.root)
        layers = [layer for layer, _ in files.values()]
        there = self._there(repository, tag, model)
        if there is not None and there[1]["reference"]["sha256"] == index["reference"]["sha256"]:
            mine = {(entry["format"], entry["precision"]) for entry in index["artifacts"]}
            for entry in there[1]["artifacts"]:
                # An earlier version may have pushed a second entry with the key of the file.
                if (entry["format"], entry["precision"]) not in mine and entry["key"] != index["key"]:
                    index["artifacts"].append(entry)
                    layers += files_for(there[0], entry)
        manifest, config = pack(index, layers)
        moved = self._send(model, repository, files, manifest, config)
        self.registry.send_manifest(repository, manifest.digest, manifest)
        self.registry.send_manifest(repository, tag, manifest)
        kinds = [f"{entry['format']}/{entry['precision']}" for entry in index["artifacts"]]
        return Moved(model=model, digest=manifest.digest, artifacts=kinds, moved_bytes=moved)

    def _there(self, repository: str, tag: str, model: str) -> tuple[OciManifest, Manifest] | None:
        manifest = self.registry.manifest(repository, tag)
        if manifest is None:
            return None
        return manifest, unpack(manifest, self.registry.blob(repository, manifest.value["config"]["digest"]), model)

    def _send(self, model: str, repository: str, files: Any, manifest: OciManifest, config: bytes) -> int:
        """Send the missing blobs; return the number of bytes sent."""
        with self.store.staging() as scratch:
            (scratch / "config").write_bytes(config)
            described = manifest.value["config"]
            blobs = {layer["digest"]: (layer["size"], path) for layer, path in files.values()}
            blobs[described["digest"]] = (described["size"], scratch / "config")
            missing = {digest: blobs[digest] for digest in blobs if not self.registry.has_blob(repository, digest)}
            self.watcher.begin(model, sum(size for size, _ in missing.values()))
            sent = 0
            for digest, (size, path) in missing.items():
                was_sent = self.registry.send_blob(
                    repository, digest, path, self.known.get(digest), self.watcher.advance
                )
                sent += size if was_sent else 0
            self.known |= dict.fromkeys(blobs, repository)
            there = f"{len(blobs) - len(missing)} of {len(blobs)} files were there"
            self.watcher.end(f"{model}: {sent / 1e6:.1f} MB sent, {there}")
        return sent


def pull(store: Store, registry: Registry, model: str, wanted: Wanted, watcher: Watcher, digest: str | None) -> Moved:
    """Pull the missing artifacts of a model that match the local sources, and the file of a user's model.

    The file is always pulled, because it defines the model. `digest` selects a manifest. Raises HostError; then the
    store is unchanged.
    """
    repository = repository_of(registry, model)
    manifest, index = _find(store, registry, model, digest)
    own = index.pop("own", None)
    user_file = find_user_file(index["artifacts"], own) if own else None
    if own and user_file is None:
        what = f"what {registry.address} has of {model} is without the file that was added"
        raise HostError(what, f"where it was added: bench models push {model} --registry {registry.address}")
    usable = [entry for entry in index["artifacts"] if entry is user_file or entry["key"] == _key(store, index, entry)]
    asked = [entry for entry in usable if wanted(Kind(entry["format"], entry["precision"]))]
    if not asked:
        raise HostError(f"{registry.address} has nothing of {model} that is asked for", "see `bench models push`")
    current = [entry for entry in usable if entry is user_file or entry in asked]
    missing = [entry for entry in current if not _has(store, model, entry)]
    if missing and not _has_reference(store, model, index):  # artifacts compared with another reference are replaced
        missing = current
    fetched = [index["reference"], *missing] if missing else []
    moved = sum(layer["size"] for entry in fetched for layer in files_for(manifest, entry))
    watcher.begin(model, moved)
    if missing:
        with store.staging() as folder:
            for place, entry in enumerate(fetched):
                _fetch(registry, repository, files_for(manifest, entry), entry, folder / str(place), watcher)
            made = {name: value for name, value in index.items() if name not in ("schema", "model", "key")}
            reference, *artifacts = [_unpacked(entry, str(place)) for place, entry in enumerate(fetched)]
            store.record(model, folder, made | {"reference": reference, "artifacts": artifacts}, own=own)
    watcher.end(f"{model}: {moved / 1e6:.1f} MB pulled, {len(current) - len(missing)} of {len(current)} were here")
    kinds = [f"{entry['format']}/{entry['precision']}" for entry in missing]
    return Moved(model=model, digest=manifest.digest, artifacts=kinds, moved_bytes=moved)


def _find(store: Store, registry: Registry, model: str, digest: str | None) -> tuple[OciManifest, Manifest]:
    """Return manifest and index of a model, if they fit this store. Raises HostError."""
    key, mine = store.key(model), model in store.user_models()
    tag = digest or (tag_of({"key": key}) if key and not mine else OWN)
    repository = repository_of(registry, model)
    manifest = registry.manifest(repository, tag)
    if manifest is None:
        what = f"{registry.address} has no {model}" + (" that these sources make" if tag.startswith("key-") else "")
        hint = f"where it is made: bench models push {model} --registry {registry.address}"
        raise HostError(what, hint)
    index = unpack(manifest, registry.blob(repository, manifest.value["config"]["digest"]), model)
    own = index.get("own")
    if own is None and index["key"] != key:
        raise HostError(f"{model} in {registry.address} was made by other sources than these", "use the same commit")
    if own is not None and key is not None and not (mine and own["key"] == key):
        there = "another model of that name was added here" if mine else "that is a model of the catalogue here"
        raise HostError(
            f"{model} in {registry.address} was brought by a user, and {there}", "add it under another name"
        )
    return manifest, index


def repository_of(registry: Registry, model: str) -> str:
    """Return the repository of a model; it lies beside those of images."""
    return registry.repository(f"model-{model}")


def tag_of(index: Manifest) -> str:
    """Return the tag of a model: one per definition, or OWN for a user's model."""
    return OWN if "own" in index else f"key-{index['key'][:24]}"


def _key(store: Store, index: Manifest, entry: Manifest) -> str | None:
    """Return the key that an artifact of this kind has with the local sources."""
    return store.recipes.artifact_key(index["key"], Kind(entry["format"], entry["precision"]))


def _has(store: Store, model: str, entry: Manifest) -> bool:
    found = store.find(model, entry["format"], entry["precision"])
    return found is not None and found.sha256 == entry["sha256"] and found.is_intact()


def _has_reference(store: Store, model: str, index: Manifest) -> bool:
    mine = store.manifest(model)
    return mine is not None and bool(mine["reference"]["sha256"] == index["reference"]["sha256"])


def _unpacked(entry: Manifest, holder: str) -> Manifest:
    """Return an entry in the form of a step's report, with its key; its file is in the folder `holder`."""
    rest = {name: value for name, value in entry.items() if name not in ("path", "sha256", "size_bytes")}
    return rest | {"file": f"{holder}/{Path(entry['path']).name}"}


def _fetch(
    registry: Registry, repository: str, layers: Sequence[Any], entry: Manifest, holder: Path, watcher: Watcher
) -> None:
    """Fetch the files of one artifact and check their hash."""
    for layer in layers:
        target = holder / layer["annotations"][TITLE]
        target.parent.mkdir(parents=True, exist_ok=True)
        registry.fetch_blob(repository, layer["digest"], target, watcher.advance)
    made = holder / Path(entry["path"]).name
    if not files.has(made, entry["sha256"]):
        what = f"what {registry.address} has of {repository} is not the artifact {entry['sha256']} that it says it is"
        raise HostError(what, "push it again, or use another registry")
