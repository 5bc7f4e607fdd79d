"""Atomic and durable writes of files, locks, and hashes."""

import fcntl
import json
import os
import shutil
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from runner.protocol import hash_artifact


def hash_of(path: Path) -> str:
    """The SHA-256 that names a file or a folder (docs/protocol.md)."""
    digest: str = hash_artifact(str(path))  # type: ignore[no-untyped-call]  # runner speaks Python 3.6
    return digest


def has(path: Path, sha256: str) -> bool:
    """Whether a file or folder exists and has this SHA-256. Reads all of its bytes."""
    try:
        return path.exists() and hash_of(path) == sha256
    except OSError:
        return False


def size_of(path: Path) -> int:
    """The bytes of a file, or of all files of a folder."""
    return sum(each.stat().st_size for each in files_of(path))


def files_of(path: Path) -> Iterable[Path]:
    """A file itself, or all files of a folder."""
    return [path] if path.is_file() else sorted(each for each in path.rglob("*") if each.is_file())


def only_member(folder: Path) -> Path | None:
    """The only entry of a folder, or None when it has another number of entries."""
    members = list(folder.iterdir()) if folder.is_dir() else []
    return members[0] if len(members) == 1 else None


def make_durable(path: Path) -> None:
    """Sync a file, or all of a folder, to the disk. Call it before the rename that publishes it."""
    for each in [path, *path.rglob("*")] if path.is_dir() else [path]:
        sync(each)


def sync(path: Path) -> None:
    """Sync one file, or the entries of one folder, to the disk."""
    opened = os.open(path, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)


def write_json(path: Path, value: Mapping[str, Any]) -> None:
    """Replace a JSON file atomically. The caller must lock out a second writer."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".new")
    partial.write_text(json.dumps(value, indent=1) + "\n", encoding="utf-8")
    sync(partial)
    partial.rename(path)
    sync(path.parent)


def read_json(path: Path) -> dict[str, Any] | None:
    """The object of a JSON file; None when it is missing or damaged."""
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError, ValueError):
        return None
    return value if isinstance(value, dict) else None


def lock(path: Path, flags: int = fcntl.LOCK_EX) -> int:
    """Open and lock a folder or file. Returns the descriptor; closing it unlocks. Raises OSError."""
    held = os.open(path, os.O_RDONLY)
    try:
        fcntl.flock(held, flags)
    except OSError:
        os.close(held)
        raise
    return held


def sweep(area: Path) -> None:
    """Remove the folders that no process has locked: killed processes left them."""
    for folder in area.iterdir():
        with suppress(OSError):
            held = lock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(folder, ignore_errors=True)
            os.close(held)
