"""Copies to a board the files that a launch reads: artifact, reference and request."""

import json
from dataclasses import replace
from pathlib import Path, PurePosixPath

from bench.artifacts.request import Prepared, write_request
from bench.remote.cache import RemoteCache


def upload_cell(cell: Prepared, cache: RemoteCache) -> Prepared:
    """Copy the files of a cell and return the cell with the board's paths. Raises HostError."""
    artifact = cell.artifact
    places = {
        "artifact": cache.put(artifact.path, artifact.sha256),
        "reference": cache.put(artifact.reference, artifact.reference_sha256),
    }
    request = _request(cell.request, places, cache)
    energy = _request(cell.energy_request, places, cache) if cell.energy_request else None
    folders = [place.parent for place in (*places.values(), request, *([energy] if energy else []))]
    return replace(
        cell,
        request=Path(request),
        energy_request=Path(energy) if energy else None,
        mounts=tuple(map(Path, dict.fromkeys(folders))),
    )


def _request(path: Path, places: dict[str, PurePosixPath], cache: RemoteCache) -> PurePosixPath:
    """Copy the request with the board's paths in it."""
    words = json.loads(path.read_text())
    for key, place in places.items():
        if words.get(key):
            words[key]["path"] = str(place)
    return cache.put(write_request(words))
