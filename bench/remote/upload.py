"""Cells with all that a launch of them reads, on a board: artifact, reference and request, under the board's paths."""

import json
from dataclasses import replace
from pathlib import Path, PurePosixPath

from bench.artifacts.request import Prepared, write
from bench.remote.cache import Shelf


def bring(cell: Prepared, shelf: Shelf) -> Prepared:
    """The cell as the board has it. Raises HostError when it cannot be copied there."""
    artifact = cell.artifact
    places = {
        "artifact": shelf.put(artifact.path, artifact.sha256),
        "reference": shelf.put(artifact.reference, artifact.reference_sha256),
    }
    request = _request(cell.request, places, shelf)
    energy = _request(cell.energy_request, places, shelf) if cell.energy_request else None
    folders = [place.parent for place in (*places.values(), request, *([energy] if energy else []))]
    return replace(
        cell,
        request=Path(request),
        energy_request=Path(energy) if energy else None,
        mounts=tuple(map(Path, dict.fromkeys(folders))),
    )


def _request(path: Path, places: dict[str, PurePosixPath], shelf: Shelf) -> PurePosixPath:
    """The same request with the board's paths in it."""
    words = json.loads(path.read_text())
    for key, place in places.items():
        if words.get(key):
            words[key]["path"] = str(place)
    return shelf.put(write(words))
