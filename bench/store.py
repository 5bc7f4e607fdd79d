"""The model store: content-addressed, never changed in place, whole after a kill at any moment (docs/store.md)."""

import fcntl
import json
import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.recipe import Recipes
from runner.protocol import hash_artifact

SCHEMA = 1

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
    axes: list[int] | None  # the transposition from the model's input to the artifact's
    inputs: list[dict[str, Any]]  # name, shape, dtype
    outputs: list[dict[str, Any]]
    reference: Path  # what PyTorch answers to the input of `seed`
    reference_sha256: str
    seed: int
    parity: dict[str, Any]  # how far its outputs are from the reference, as its maker found
    params: int | None  # of the network, as counted when it was made, and the multiply-accumulates of one inference
    macs: int | None

    def is_intact(self) -> bool:
        """Whether artifact and reference still have the bytes that their names say. Reads all of them."""
        return _has(self.path, self.sha256) and _has(self.reference, self.reference_sha256)


class Store:
    """The store below `root`, as seen with the sources that `recipes` reads its keys from."""

    def __init__(self, root: Path, recipes: Recipes | None = None) -> None:
        self.root = root
        self.recipes = recipes or Recipes()

    # --- reading: no lock is needed, since files only ever appear whole

    def manifest(self, model: str) -> Manifest | None:
        """What was made of a model with the current sources; None when nothing was."""
        key = self.recipes.key(model)
        manifest = self._read(self._index(model, key)) if key else None
        if manifest:
            kept = [entry for entry in manifest["artifacts"] if self._is_current(model, entry)]
            manifest["artifacts"] = kept
        return manifest

    def find(self, model: str, format: str, precision: str) -> Artifact | None:
        """The artifact that the current sources make, or None when it was not made yet."""
        manifest = self.manifest(model)
        for entry in manifest["artifacts"] if manifest else ():
            if (entry["format"], entry["precision"]) == (format, precision):
                return self._artifact(manifest or {}, entry)
        return None

    def list(self) -> Iterator[Manifest]:
        """Everything that was ever made and is still there, by current and by older sources."""
        for path in sorted((self.root / "index").glob("*/*.json")):
            if manifest := self._read(path):
                yield manifest

    def verify(self) -> Iterator[str]:
        """What is wrong, a line for each file whose bytes are not those its name says. Reads the whole store."""
        seen = set()
        for manifest in self.list():
            for entry in (manifest["reference"], *manifest["artifacts"]):
                if entry["path"] not in seen and not _has(self.root / entry["path"], entry["sha256"]):
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
            _sweep(area)
            folder = Path(tempfile.mkdtemp(dir=area))
            held = _lock(folder)
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)
            os.close(held)

    def put(self, source: Path) -> tuple[Path, str]:
        """Move a file or folder from a staging folder into the store: where it is now, and its SHA-256.

        The same bytes are kept once, under the name they came with first.
        """
        sha256 = _hash(source)
        holder = Path(tempfile.mkdtemp(dir=source.parent))
        holder.chmod(0o755)  # containers read it under any uid
        _make_durable(source)
        source.rename(holder / source.name)
        _sync(holder)
        target = self.root / "blobs" / sha256
        target.parent.mkdir(parents=True, exist_ok=True)
        with self._locked():
            kept = _only_member(target)
            if kept is None or not _has(kept, sha256):
                if target.exists():  # damaged: out of the way, and gone with the staging folder
                    target.rename(Path(tempfile.mkdtemp(dir=source.parent)) / "damaged")
                holder.rename(target)
                _sync(target.parent)
                kept = target / source.name
        return kept, sha256

    def record(self, model: str, folder: Path, made: Mapping[str, Any]) -> None:
        """Take over what a step made in a staging folder (its `made.json`, see models/report.py) and index it.

        A step that defines the model brings its `reference`. If that has other bytes than the one recorded before,
        what was made against the earlier one is left out.
        """
        key = self.recipes.key(model)
        if key is None:
            raise ValueError(f"the catalogue does not list {model}")
        artifacts = [self._keep(folder, entry, key=self.recipes.artifact_key(model, entry["format"]))
                     for entry in made["artifacts"]]  # fmt: skip
        facts = {name: value for name, value in made.items() if name not in ("artifacts", "reference")}
        if "reference" in made:
            facts["reference"] = self._keep(folder, made["reference"])
        with self._locked():
            path = self._index(model, key)
            before = self._read(path) or {"schema": SCHEMA, "model": model, "key": key, "artifacts": []}
            same = facts.get("reference", before.get("reference")) == before.get("reference")
            new = {(entry["format"], entry["precision"]) for entry in artifacts}
            kept = [entry for entry in before["artifacts"] if (entry["format"], entry["precision"]) not in new]
            _write(path, {**before, **facts, "artifacts": (kept if same else []) + artifacts})

    def _keep(self, folder: Path, entry: Mapping[str, Any], **more: Any) -> dict[str, Any]:
        """One entry of the index: the `file` it came as is now a `path` in the store."""
        path, sha256 = self.put(folder / entry["file"])
        rest = {name: value for name, value in entry.items() if name != "file"}
        where = {"path": str(path.relative_to(self.root)), "sha256": sha256, "size_bytes": _size(path)}
        return {**rest, **where, **more}

    def _index(self, model: str, key: str) -> Path:
        return self.root / "index" / model / f"{key}.json"

    def _is_current(self, model: str, entry: Mapping[str, Any]) -> bool:
        current: bool = entry["key"] == self.recipes.artifact_key(model, entry["format"])
        return current and (self.root / entry["path"]).exists()

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
            seed=reference["seed"],
            parity=entry["parity"],
            params=manifest.get("params"),
            macs=manifest.get("macs"),
        )

    def _read(self, path: Path) -> Manifest | None:
        try:
            manifest: Manifest = json.loads(path.read_text(encoding="utf-8"))
        except (FileNotFoundError, json.JSONDecodeError):  # damaged: made again
            return None
        return manifest if manifest.get("schema") == SCHEMA else None

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


def _lock(folder: Path, flags: int = fcntl.LOCK_EX) -> int:
    held = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(held, flags)
    except OSError:
        os.close(held)
        raise
    return held


def _sweep(area: Path) -> None:
    """Remove what killed builds left: staging folders that nobody holds."""
    for folder in area.iterdir():
        with suppress(OSError):
            held = _lock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(folder, ignore_errors=True)
            os.close(held)


def _hash(path: Path) -> str:
    digest: str = hash_artifact(str(path))  # type: ignore[no-untyped-call]  # runner speaks Python 3.6
    return digest


def _has(path: Path, sha256: str) -> bool:
    try:
        return path.exists() and _hash(path) == sha256
    except OSError:
        return False


def _only_member(folder: Path) -> Path | None:
    members = list(folder.iterdir()) if folder.is_dir() else []
    return members[0] if len(members) == 1 else None


def _size(path: Path) -> int:
    return sum(each.stat().st_size for each in _files(path))


def _files(path: Path) -> Iterable[Path]:
    return [path] if path.is_file() else [each for each in path.rglob("*") if each.is_file()]


def _make_durable(path: Path) -> None:
    """Bring a file, or all of a folder, to the disk, before a name says that it is there."""
    for each in [path, *path.rglob("*")] if path.is_dir() else [path]:
        _sync(each)


def _sync(path: Path) -> None:
    opened = os.open(path, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)


def _write(path: Path, manifest: Manifest) -> None:
    """Replace an index file at once. The caller holds the lock."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".new")
    partial.write_text(json.dumps(manifest, indent=1) + "\n", encoding="utf-8")
    _sync(partial)
    partial.rename(path)
    _sync(path.parent)
