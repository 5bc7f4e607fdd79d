"""The models that a user brought: which there are, and how they become part of the matrix (docs/models.md)."""

from bench.config import Matrix, Network, Source
from bench.store import Store


def with_own(matrix: Matrix, store: Store) -> Matrix:
    """The matrix with the user's own models behind those of the catalogue."""
    found = {name: network for name in store.own() if (network := _network(name, store))}
    return matrix.model_copy(update={"models": {**found, **matrix.models}}) if found else matrix


def _network(name: str, store: Store) -> Network | None:
    manifest = store.manifest(name)
    if manifest is None:
        return None
    (given,) = [entry for entry in manifest["artifacts"] if entry["key"] == manifest["key"]]
    first = manifest["inputs"][0]["shape"]
    return Network(
        title=name, task="own", input=first or [1], brought=Source(format=given["format"], precision=given["precision"])
    )
