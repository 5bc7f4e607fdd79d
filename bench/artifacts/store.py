"""The model store: content-addressed, never changed in place, consistent after a kill (docs/store.md)."""

import fcntl
import os
import re
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.artifacts.recipe import Recipes
from bench.core import files
from bench.core.matrix.artifact_kind import Kind
from bench.core.version import now

SCHEMA = 2
COLOUR = re.compile(r"\x1b\[[0-9;]*m")  # in the messages of converters

Manifest = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Artifact:
    """A model in one format and precision, with the data that a launch needs. Paths are absolute, sizes in bytes."""

    model: str
    format: str
    precision: str
    path: Path
    sha256: str
    size_bytes: int
    axes: list[list[int] | None] | None  # per input, the transposition from the model's to the artifact's
    inputs: list[dict[str, Any]]  # name, shape, dtype; `range` where values are drawn from one
    outputs: list[dict[str, Any]]
    reference: Path  # the outputs of the reference framework for the inputs of `seeds`
    reference_sha256: str
    seeds: list[int]
    sensitivity: dict[str, float]  # how much wrong inputs change the reference
    parity: dict[str, Any]  # distance of the outputs from the reference, as the step measured it
    params: int | None  # parameters of the network; `macs`: multiply-accumulates of one inference
    macs: int | None

    def is_intact(self) -> bool:
        """Return whether artifact and reference match their hashes. Reads all bytes."""
        return files.has(self.path, self.sha256) and files.has(self.reference, self.reference_sha256)


class Store:
    """The store below `root`. `recipes` computes the keys of the current sources."""

    def __init__(self, root: Path, recipes: Recipes | None = None) -> None:
        self.root = root
        self.recipes = recipes or Recipes()

    # --- reading needs no lock: files appear atomically

    def user_models(self) -> list[str]:
        """Return the names of the user's models."""
        return sorted(path.stem for path in (self.root / "own").glob("*.json"))

    def user_entry(self, model: str) -> dict[str, Any] | None:
        """Return the description of a user's model, with its `key`; None if it is missing or damaged."""
        said = files.read_json(self.root / "own" / f"{model}.json")
        return said if said and isinstance(said.get("key"), str) else None

    def user_file_entry(self, model: str) -> dict[str, Any] | None:
        """Return the index entry of the file that the user added, or None."""
        said, manifest = self.user_entry(model), self.manifest(model)
        return find_user_file(manifest["artifacts"], said) if said and manifest else None

    def key(self, model: str) -> str | None:
        """Return the key of a model's definition: the user's, or that of the current sources."""
        said = self.user_entry(model)
        return str(said["key"]) if said else self.recipes.key(model)

    def artifact_key(self, model: str, kind: Kind) -> str | None:
        """Return the key that an artifact has with the current sources, whether it exists or not."""
        key = self.key(model)
        return self.recipes.artifact_key(key, kind) if key else None

    def manifest(self, model: str) -> Manifest | None:
        """Return the index of a model with the artifacts of the current sources, or None."""
        key = self.key(model)
        manifest = self._read(self._index(model, key)) if key else None
        if key and manifest:
            said = self.user_entry(model)
            user_file = find_user_file(manifest["artifacts"], said) if said else None
            current = [each for each in manifest["artifacts"] if each is user_file or self._is_current(key, each)]
            manifest["artifacts"] = [each for each in current if (self.root / each["path"]).exists()]
        return manifest

    def find(self, model: str, format: str, precision: str) -> Artifact | None:
        """Return the artifact of the current sources, or None if it does not exist yet."""
        manifest = self.manifest(model)
        for entry in manifest["artifacts"] if manifest else ():
            if (entry["format"], entry["precision"]) == (format, precision):
                return self._artifact(manifest or {}, entry)
        return None

    def failure(self, model: str, kind: Kind) -> str | None:
        """Return why the current sources failed to make an artifact; None if they did not fail, or were not tried."""
        failure = self._failed(model, kind)
        return COLOUR.sub("", str(failure["message"])) if failure else None

    def failed_at(self, model: str, kind: Kind) -> str | None:
        """Return the time of that failure (ISO 8601), or None."""
        return (self._failed(model, kind) or {}).get("tried")

    def list(self) -> Iterator[Manifest]:
        """Yield every index of the store, of current and older sources."""
        for path in sorted((self.root / "index").glob("*/*.json")):
            if manifest := self._read(path):
                yield manifest

    def verify(self) -> Iterator[str]:
        """Yield one line per missing or damaged file. Reads the whole store."""
        seen = set()
        for manifest in self.list():
            for entry in _entries(manifest):
                if entry["path"] not in seen and not files.has(self.root / entry["path"], entry["sha256"]):
                    what = entry.get("format", "reference")
                    yield f"{manifest['model']} ({what}): {self.root / entry['path']} is missing or damaged"
                seen.add(entry["path"])

    # --- writing

    @contextmanager
    def staging(self) -> Iterator[Path]:
        """Yield a temporary folder on the store's file system; it is removed afterwards."""
        area = self.root / "staging"
        area.mkdir(parents=True, exist_ok=True)
        with self._locked():
            files.sweep(area)
            folder = Path(tempfile.mkdtemp(dir=area))
            held = files.lock(folder)
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)
            os.close(held)

    def put(self, source: Path) -> tuple[Path, str]:
        """Move a file or folder from a staging folder into the store. Return its path and SHA-256.

        Equal content is kept once, under its first name.
        """
        sha256 = files.hash_of(source)
        holder = Path(tempfile.mkdtemp(dir=source.parent))
        holder.chmod(0o755)  # containers read it under any uid
        files.make_durable(source)
        source.rename(holder / source.name)
        files.sync(holder)
        target = self.root / "blobs" / sha256
        target.parent.mkdir(parents=True, exist_ok=True)
        with self._locked():
            kept = files.only_member(target)
            if kept is None or not files.has(kept, sha256):
                if target.exists():  # damaged: move it to the staging folder, which is removed
                    target.rename(Path(tempfile.mkdtemp(dir=source.parent)) / "damaged")
                holder.rename(target)
                files.sync(target.parent)
                kept = target / source.name
        return kept, sha256

    def record(self, model: str, folder: Path, made: Mapping[str, Any], own: Mapping[str, Any] | None = None) -> None:
        """Move the output of a step from a staging folder into the store and index it. `made` is its made.json.

        A step that defines the model also gives a `reference`. If its bytes differ from the recorded reference,
        artifacts that were compared with the old one are dropped. `own` describes a user's model. Its `key` is also the
        key of the added file; artifacts that another machine made from the file have keys of their own. The description
        is written last: from then on the model exists.
        """
        key = str(own["key"]) if own else self.key(model)
        if key is None:
            raise ValueError(f"the catalogue does not list {model}")
        artifacts = []
        for entry in made["artifacts"]:
            kind = Kind(entry["format"], entry["precision"])
            mine = entry.get("key", key) if own else self.recipes.artifact_key(key, kind)
            artifacts.append(self._keep(folder, entry, key=mine))
        facts = {name: value for name, value in made.items() if name not in ("artifacts", "reference")}
        if "reference" in made:
            facts["reference"] = self._keep(folder, made["reference"])
        with self._locked():
            path = self._index(model, key)
            before = self._read(path) or {"schema": SCHEMA, "model": model, "key": key, "artifacts": []}
            same = facts.get("reference", before.get("reference")) == before.get("reference")
            new = {(entry["format"], entry["precision"]) for entry in artifacts}
            kept = [entry for entry in before["artifacts"] if (entry["format"], entry["precision"]) not in new]
            files.write_json(path, {**before, **facts, "artifacts": (kept if same else []) + artifacts})
            if own:
                files.write_json(self.root / "own" / f"{model}.json", {"schema": SCHEMA, **own})

    def fail(self, model: str, kind: Kind, message: str) -> None:
        """Record why the current sources failed to make an artifact. `find` ignores this record."""
        with self._locked():
            failure = {"model": model, "kind": str(kind), "key": self.artifact_key(model, kind), "message": message}
            files.write_json(self._failure(model, kind), {**failure, "tried": now()})

    def remove(self, model: str) -> None:
        """Remove a user's model and its artifacts, except files that another model shares."""
        with self._locked():
            (self.root / "own" / f"{model}.json").unlink()  # from here on the model does not exist
            self._discard(model)
            for area in ("failures", "checks"):
                shutil.rmtree(self.root / area / model, ignore_errors=True)

    def discard(self, model: str) -> None:
        """Free space: remove a model's artifacts, keep its verdicts. No other build may run."""
        with self._locked():
            self._discard(model)

    def _discard(self, model: str) -> None:
        shutil.rmtree(self.root / "index" / model, ignore_errors=True)  # first: an index must name existing files only
        kept = {Path(entry["path"]).parts[1] for manifest in self.list() for entry in _entries(manifest)}
        for blob in (self.root / "blobs").glob("*"):  # also files that a killed call left
            if blob.name not in kept:
                shutil.rmtree(blob, ignore_errors=True)

    def _keep(self, folder: Path, entry: Mapping[str, Any], **more: Any) -> dict[str, Any]:
        """Move the `file` of an entry into the store; return the index entry with its `path`."""
        path, sha256 = self.put(folder / entry["file"])
        rest = {name: value for name, value in entry.items() if name != "file"}
        where = {"path": str(path.relative_to(self.root)), "sha256": sha256, "size_bytes": files.size_of(path)}
        return {**rest, **where, **more}

    def _index(self, model: str, key: str) -> Path:
        return self.root / "index" / model / f"{key}.json"

    def _failed(self, model: str, kind: Kind) -> dict[str, Any] | None:
        failure = files.read_json(self._failure(model, kind))
        return failure if failure and failure.get("key") == self.artifact_key(model, kind) else None

    def _failure(self, model: str, kind: Kind) -> Path:
        return self.root / "failures" / model / f"{kind.format}-{kind.precision}.json"

    def _is_current(self, key: str, entry: Mapping[str, Any]) -> bool:
        """Return whether an entry was made with the current sources, from the model with this key."""
        return bool(entry["key"] == self.recipes.artifact_key(key, Kind(entry["format"], entry["precision"])))

    def _artifact(self, manifest: Manifest, entry: Mapping[str, Any]) -> Artifact:
        reference = manifest["reference"]
        return Artifact(
            model=manifest["model"],
            format=entry["format"],
            precision=entry["precision"],
            path=self.root / entry["path"],
            sha256=entry["sha256"],
            size_bytes=entry["size_bytes"],
            axes=entry["axes"],
            inputs=manifest["inputs"],
            outputs=manifest["outputs"],
            reference=self.root / reference["path"],
            reference_sha256=reference["sha256"],
            seeds=reference["seeds"],
            sensitivity=manifest.get("sensitivity") or {},
            parity=entry["parity"],
            params=manifest.get("params"),
            macs=manifest.get("macs"),
        )

    def _read(self, path: Path) -> Manifest | None:
        manifest = files.read_json(path)  # a damaged index is made again
        return manifest if manifest and manifest.get("schema") == SCHEMA else None

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """Hold the lock of the only writer. It ends with the process."""
        self.root.mkdir(parents=True, exist_ok=True)
        held = os.open(self.root / "lock", os.O_RDWR | os.O_CREAT, 0o644)
        try:
            fcntl.flock(held, fcntl.LOCK_EX)
            yield
        finally:
            os.close(held)


def find_user_file(entries: Sequence[dict[str, Any]], said: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return the index entry of the file that the user added: no step made it, so its key is the model's key.

    Earlier versions gave the model's key to all artifacts that they pulled. So the entry must also have the format of
    the file; of several, the one in float32 is the file, because steps read only float32.
    """
    suffix = Path(str(said.get("file"))).suffix
    mine = [each for each in entries if each["key"] == said["key"] and f".{each['format']}" == suffix]
    return min(mine, key=lambda each: each["precision"] != "fp32", default=None)


def _entries(manifest: Manifest) -> list[dict[str, Any]]:
    return [manifest["reference"], *manifest["artifacts"]]
