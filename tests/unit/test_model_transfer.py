"""Models to a registry and back: what travels, what is checked, and that a store is whole whatever goes wrong."""

import shutil
from pathlib import Path
from types import SimpleNamespace

import pytest

from bench.errors import HostError
from bench.making.recipe import Recipes
from bench.making.store import Store
from bench.registries.model_transfer import ModelPusher, pull, repository_of, tag_of
from bench.registries.oci import Manifest, digest_of, make_manifest
from bench.registries.parcel import TITLE, unpack
from bench.registries.transfer import Watcher

from .models.source import write_made, write_sources


class Shelf:
    """In a registry's place: blobs and manifests in memory, and what was sent to it."""

    address = "127.0.0.1:5000"

    def __init__(self) -> None:
        self.blobs: dict[str, bytes] = {}
        self.manifests: dict[tuple[str, str], Manifest] = {}
        self.sent: list[str] = []
        self.broken = ""

    def repository(self, name: str) -> str:
        return f"edgebench/{name}"

    def manifest(self, repository: str, reference: str) -> Manifest | None:
        return self.manifests.get((repository, reference))

    def blob(self, _repository: str, digest: str) -> bytes:
        return self.blobs[digest]

    def has_blob(self, _repository: str, digest: str) -> bool:
        return digest in self.blobs

    def fetch_blob(self, _repository: str, digest: str, target: Path, watch) -> None:
        if digest == self.broken:
            raise HostError("the registry broke off")
        target.write_bytes(self.blobs[digest])
        watch(len(self.blobs[digest]))

    def send_blob(self, _repository: str, digest: str, path: Path, _also_in: str | None, watch) -> bool:
        assert digest_of(path.read_bytes()) == digest
        self.blobs[digest] = path.read_bytes()
        self.sent.append(digest)
        return True

    def send_manifest(self, repository: str, reference: str, manifest: Manifest) -> None:
        assert all(each["digest"] in self.blobs for each in [*manifest.value["layers"], manifest.value["config"]])
        self.manifests[repository, reference] = manifest


@pytest.fixture
def site(tmp_path: Path) -> SimpleNamespace:
    """A store with two formats of a model, an empty one with the same sources, and a registry."""
    recipes = write_sources(tmp_path / "models")
    full, empty = (Store(tmp_path / name, Recipes(recipes)) for name in ("full", "empty"))
    make(full, ["onnx"])
    make(full, ["savedmodel"], defines=False)
    return SimpleNamespace(full=full, empty=empty, shelf=Shelf(), recipes=recipes)


def make(
    store: Store, formats: list[str], *, defines: bool = True, own: dict | None = None, name: str = "small"
) -> None:
    with store.staging() as folder:
        store.record(name, folder, write_made(folder, name, formats, defines=defines), own=own)


def pushed(site: SimpleNamespace, store: Store | None = None, name: str = "small"):
    return ModelPusher(store or site.full, site.shelf, Watcher()).push(name)


def pulled(site: SimpleNamespace, name: str = "small", wanted=lambda kind: True, digest: str | None = None):
    return pull(site.empty, site.shelf, name, wanted, Watcher(), digest)


def test_what_is_pushed_is_pulled_byte_by_byte(site: SimpleNamespace) -> None:
    moved = pushed(site)
    assert moved.artifacts == ["onnx/fp32", "savedmodel/fp32"]
    came = pulled(site)
    assert came.digest == moved.digest
    for kind in ("onnx", "savedmodel"):
        mine, theirs = site.full.find("small", kind, "fp32"), site.empty.find("small", kind, "fp32")
        assert theirs is not None
        assert theirs.is_intact()
        assert (theirs.sha256, theirs.seeds, theirs.parity) == (mine.sha256, mine.seeds, mine.parity)
    assert (site.empty.find("small", "savedmodel", "fp32").path / "variables" / "0").read_text() == "weights"
    assert list(site.empty.verify()) == []


def test_what_is_there_does_not_travel_twice(site: SimpleNamespace) -> None:
    pushed(site)
    site.shelf.sent.clear()
    assert pushed(site).moved_bytes == 0
    assert site.shelf.sent == []
    pulled(site)
    again = pulled(site)
    assert (again.moved_bytes, again.artifacts) == (0, [])


def test_only_what_is_asked_for_travels(site: SimpleNamespace) -> None:
    pushed(site)
    pulled(site, wanted=lambda kind: kind.format == "onnx")
    assert site.empty.find("small", "onnx", "fp32")
    assert site.empty.find("small", "savedmodel", "fp32") is None


def test_two_machines_push_to_one_model(site: SimpleNamespace) -> None:
    pushed(site)
    pulled(site, wanted=lambda kind: kind.format == "onnx")
    make(site.empty, ["tflite"], defines=False)
    moved = pushed(site, site.empty)
    assert sorted(moved.artifacts) == ["onnx/fp32", "savedmodel/fp32", "tflite/fp32"]
    pulled(site)
    assert site.empty.find("small", "savedmodel", "fp32").is_intact()


def test_other_sources_are_refused(site: SimpleNamespace) -> None:
    moved = pushed(site)
    (site.recipes / "networks" / "small.py").write_text("edited\n")
    site.empty.recipes = Recipes(site.recipes)
    with pytest.raises(HostError, match="has no small that these sources make"):
        pulled(site)
    with pytest.raises(HostError, match="made by other sources"):
        pulled(site, digest=moved.digest)


def test_a_converter_that_changed_outdates_what_it_made_and_nothing_else(site: SimpleNamespace) -> None:
    pushed(site)
    (site.recipes / "convert" / "requirements.txt").write_text("tensorflow==2\n")
    site.empty.recipes = Recipes(site.recipes)
    assert pulled(site).artifacts == ["onnx/fp32"]


def test_bytes_that_are_not_the_artifact_are_refused_and_leave_nothing(site: SimpleNamespace) -> None:
    pushed(site)
    (digest,) = [f"sha256:{site.full.find('small', 'onnx', 'fp32').sha256}"]
    site.shelf.blobs[digest] = b"damaged"
    with pytest.raises(HostError, match="is not the artifact"):
        pulled(site)
    assert site.empty.manifest("small") is None
    assert list((site.empty.root / "staging").iterdir()) == []


def test_a_pull_that_breaks_off_leaves_nothing_and_goes_on_next_time(site: SimpleNamespace) -> None:
    pushed(site)
    site.shelf.broken = f"sha256:{site.full.find('small', 'onnx', 'fp32').sha256}"
    with pytest.raises(HostError, match="broke off"):
        pulled(site)
    assert site.empty.manifest("small") is None
    site.shelf.broken = ""
    pulled(site)
    assert list(site.empty.verify()) == []


def test_a_model_of_the_user_s_goes_with_what_was_said_of_it(site: SimpleNamespace) -> None:
    make(site.full, ["onnx"], own={"key": "a key", "file": "mine.onnx", "batch": 1}, name="mine")
    pushed(site, name="mine")
    pulled(site, "mine")
    assert site.empty.own() == ["mine"]
    assert site.empty.find("mine", "onnx", "fp32").is_intact()
    pulled(site, "mine")
    make(site.full, ["onnx"], own={"key": "another key", "file": "mine.onnx"}, name="mine")
    pushed(site, name="mine")
    with pytest.raises(HostError, match="another model of that name was added here"):
        pulled(site, "mine")


def test_nothing_takes_the_place_of_a_model_of_the_catalogue(site: SimpleNamespace) -> None:
    make(site.full, ["onnx"], own={"key": "a key", "file": "large.onnx"}, name="large")
    moved = pushed(site, name="large")
    with pytest.raises(HostError, match="that is a model of the catalogue here"):
        pulled(site, "large", digest=moved.digest)


@pytest.mark.parametrize("title", ["../../etc/passwd", "/etc/passwd", "a/../../b", ""])
def test_a_path_that_leaves_its_folder_is_refused(site: SimpleNamespace, title: str) -> None:
    pushed(site)
    repository = repository_of(site.shelf, "small")
    manifest = site.shelf.manifest(repository, tag_of(site.full.manifest("small")))
    value = manifest.value
    value["layers"][0]["annotations"][TITLE] = title
    with pytest.raises(HostError, match="no model of this version"):
        unpack(make_manifest(value), site.shelf.blob(repository, value["config"]["digest"]), "small")


def test_nothing_made_is_nothing_to_push(site: SimpleNamespace) -> None:
    with pytest.raises(HostError, match="nothing of large is made"):
        pushed(site, name="large")
    shutil.rmtree(site.full.root)
    with pytest.raises(HostError, match="nothing of small is made"):
        pushed(site)
