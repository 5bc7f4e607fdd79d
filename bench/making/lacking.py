"""What may be missing of a model that a user brought, and what to do then."""

from bench.errors import HostError
from bench.making.store import Store


def lacking(store: Store, model: str) -> HostError | None:
    """Why nothing can be done with a model that a user brought, to be raised or told; None where it is whole."""
    said, manifest = store.said(model) or {}, store.manifest(model)
    file = said.get("file", "FILE")
    if not said:
        what = f"{store.root / 'own' / f'{model}.json'} does not say its key"
    elif manifest is None:
        what = "there is no index of it in the store"
    elif store.brought(model) is None:
        what = f"its file {file} is missing in the store"
    elif not (store.root / manifest["reference"]["path"]).exists():
        what = "the answers that it is compared with are missing in the store"
    else:
        return None
    again = f"bench models pull {model} --registry R, or bench models add {model} --file {file}"
    return HostError(f"{model} was added, and {what}", f"pull it or add it once more: {again}")
