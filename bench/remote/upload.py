"""Cells with all that a launch of them reads, on a board: artifact, reference and request, under the board's paths."""

import json
from dataclasses import replace
from pathlib import Path, PurePosixPath

from bench.artifacts.request import Prepared, write_request
from bench.remote.cache import RemoteCache


def upload_cell(cell: Prepared, cache: RemoteCache) -> Prepared:
    """The cell as the board has it. Raises HostError when it cannot be copied there."""
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
    """The same request with the board's paths in it."""
    words = json.loads(path.read_text())
    for key, place in places.items():
        if words.get(key):
            words[key]["path"] = str(place)
    return cache.put(write_request(words))
