"""The model store: content-addressed, never changed in place, whole after a kill at any moment (docs/store.md)."""

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
COLOUR = re.compile(r"\x1b\[[0-9;]*m")  # in what converters say

Manifest = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Artifact:
    """A model in one format and precision, with what a launch of it needs. Paths are absolute, sizes bytes."""

    model: str
    format: str
    precision: str
    path: Path
    sha256: str
    size_bytes: int
    axes: list[list[int] | None] | None  # per input, the transposition from the model's to the artifact's
    inputs: list[dict[str, Any]]  # name, shape, dtype; `range` where values are drawn from one
    outputs: list[dict[str, Any]]
    reference: Path  # what the reference framework answers to the inputs of `seeds`
    reference_sha256: str
    seeds: list[int]
    sensitivity: dict[str, float]  # by how much wrong inputs change the reference
    parity: dict[str, Any]  # how far its outputs are from the reference, as its maker found
    params: int | None  # of the network, as counted when it was made, and the multiply-accumulates of one inference
    macs: int | None

    def is_intact(self) -> bool:
        """Whether artifact and reference still have the bytes that their names say. Reads all of them."""
        return files.has(self.path, self.sha256) and files.has(self.reference, self.reference_sha256)


class Store:
    """The store below `root`, as seen with the sources that `recipes` reads its keys from."""

    def __init__(self, root: Path, recipes: Recipes | None = None) -> None:
        self.root = root
        self.recipes = recipes or Recipes()

    # --- reading: no lock is needed, since files only ever appear whole

    def user_models(self) -> list[str]:
        """The names of the models that the user brought."""
        return sorted(path.stem for path in (self.root / "own").glob("*.json"))

    def user_entry(self, model: str) -> dict[str, Any] | None:
        """What the user said of a model of theirs, with its `key`; None where it is not theirs, or that is damaged."""
        said = files.read_json(self.root / "own" / f"{model}.json")
        return said if said and isinstance(said.get("key"), str) else None

    def user_file_entry(self, model: str) -> dict[str, Any] | None:
        """The index's entry of the very file that the user brought; None where that is not there."""
        said, manifest = self.user_entry(model), self.manifest(model)
        return find_user_file(manifest["artifacts"], said) if said and manifest else None

    def key(self, model: str) -> str | None:
        """What names the definition of a model: the user's own, or the catalogue's by the current sources."""
        said = self.user_entry(model)
        return str(said["key"]) if said else self.recipes.key(model)

    def artifact_key(self, model: str, kind: Kind) -> str | None:
        """What names an artifact of a model by the current sources, made or not."""
        key = self.key(model)
        return self.recipes.artifact_key(key, kind) if key else None

    def manifest(self, model: str) -> Manifest | None:
        """What was made of a model with the current sources; None when nothing was."""
        key = self.key(model)
        manifest = self._read(self._index(model, key)) if key else None
        if key and manifest:
            said = self.user_entry(model)
            brought = find_user_file(manifest["artifacts"], said) if said else None
            current = [each for each in manifest["artifacts"] if each is brought or self._is_current(key, each)]
            manifest["artifacts"] = [each for each in current if (self.root / each["path"]).exists()]
        return manifest

    def find(self, model: str, format: str, precision: str) -> Artifact | None:
        """The artifact that the current sources make, or None when it was not made yet."""
        manifest = self.manifest(model)
        for entry in manifest["artifacts"] if manifest else ():
            if (entry["format"], entry["precision"]) == (format, precision):
                return self._artifact(manifest or {}, entry)
        return None

    def failure(self, model: str, kind: Kind) -> str | None:
        """What was said when the current sources could not make an artifact; None when they could, or did not try."""
        told = self._failed(model, kind)
        return COLOUR.sub("", str(told["message"])) if told else None

    def failed_at(self, model: str, kind: Kind) -> str | None:
        """When that was, ISO 8601; None where it was not, or was kept without its time."""
        return (self._failed(model, kind) or {}).get("tried")

    def list(self) -> Iterator[Manifest]:
        """Everything that was ever made and is still there, by current and by older sources."""
        for path in sorted((self.root / "index").glob("*/*.json")):
            if manifest := self._read(path):
                yield manifest

    def verify(self) -> Iterator[str]:
        """What is wrong, a line for each file whose bytes are not those its name says. Reads the whole store."""
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
        """A folder on the store's file system in which something is made; it is gone afterwards."""
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
        """Move a file or folder from a staging folder into the store: where it is now, and its SHA-256.

        The same bytes are kept once, under the name they came with first.
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
                if target.exists():  # damaged: out of the way, and gone with the staging folder
                    target.rename(Path(tempfile.mkdtemp(dir=source.parent)) / "damaged")
                holder.rename(target)
                files.sync(target.parent)
                kept = target / source.name
        return kept, sha256

    def record(self, model: str, folder: Path, made: Mapping[str, Any], own: Mapping[str, Any] | None = None) -> None:
        """Take over what a step made in a staging folder (its `made.json`, see models/report.py) and index it.

        A step that defines the model brings its `reference`. If that has other bytes than the one recorded before,
        what was made against the earlier one is left out. `own` is what the user said of a model of theirs, with its
        `key`, which is that of the file they brought, too; what was made of that file elsewhere comes with a key of its
        own. With its name written last the model is there.
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
        """Keep why the current sources could not make an artifact. `find` goes by what was made, not by this."""
        with self._locked():
            told = {"model": model, "kind": str(kind), "key": self.artifact_key(model, kind), "message": message}
            files.write_json(self._failure(model, kind), {**told, "tried": now()})

    def remove(self, model: str) -> None:
        """Forget a model of the user's, with everything that was made of it and that no other model shares."""
        with self._locked():
            (self.root / "own" / f"{model}.json").unlink()  # from here on it is not there any more
            self._discard(model)
            for area in ("failures", "checks"):
                shutil.rmtree(self.root / area / model, ignore_errors=True)

    def discard(self, model: str) -> None:
        """Make room: what was made of a model goes, what was found out about it stays. While nothing else is made."""
        with self._locked():
            self._discard(model)

    def _discard(self, model: str) -> None:
        shutil.rmtree(self.root / "index" / model, ignore_errors=True)  # first: an index names only what is there
        kept = {Path(entry["path"]).parts[1] for manifest in self.list() for entry in _entries(manifest)}
        for blob in (self.root / "blobs").glob("*"):  # also what an earlier, killed call left
            if blob.name not in kept:
                shutil.rmtree(blob, ignore_errors=True)

    def _keep(self, folder: Path, entry: Mapping[str, Any], **more: Any) -> dict[str, Any]:
        """One entry of the index: the `file` it came as is now a `path` in the store."""
        path, sha256 = self.put(folder / entry["file"])
        rest = {name: value for name, value in entry.items() if name != "file"}
        where = {"path": str(path.relative_to(self.root)), "sha256": sha256, "size_bytes": files.size_of(path)}
        return {**rest, **where, **more}

    def _index(self, model: str, key: str) -> Path:
        return self.root / "index" / model / f"{key}.json"

    def _failed(self, model: str, kind: Kind) -> dict[str, Any] | None:
        told = files.read_json(self._failure(model, kind))
        return told if told and told.get("key") == self.artifact_key(model, kind) else None

    def _failure(self, model: str, kind: Kind) -> Path:
        return self.root / "failures" / model / f"{kind.format}-{kind.precision}.json"

    def _is_current(self, key: str, entry: Mapping[str, Any]) -> bool:
        """Whether the current sources would make it of the model with this key."""
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
        manifest = files.read_json(path)  # a damaged one is made again
        return manifest if manifest and manifest.get("schema") == SCHEMA else None

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """One writer at a time. The lock ends with the process, however that ends."""
        self.root.mkdir(parents=True, exist_ok=True)
        held = os.open(self.root / "lock", os.O_RDWR | os.O_CREAT, 0o644)
        try:
            fcntl.flock(held, fcntl.LOCK_EX)
            yield
        finally:
            os.close(held)


def find_user_file(entries: Sequence[dict[str, Any]], said: Mapping[str, Any]) -> dict[str, Any] | None:
    """Which entry of an index is the very file that the user brought: no step made it, so it has the model's own key.

    Earlier versions gave that key to all that they pulled: so it is of the file's kind, and of several the one in
    float32, since nothing is made of any other.
    """
    suffix = Path(str(said.get("file"))).suffix
    mine = [each for each in entries if each["key"] == said["key"] and f".{each['format']}" == suffix]
    return min(mine, key=lambda each: each["precision"] != "fp32", default=None)


def _entries(manifest: Manifest) -> list[dict[str, Any]]:
    return [manifest["reference"], *manifest["artifacts"]]
