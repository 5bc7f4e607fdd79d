"""Models to a registry and back: what travels, what is checked, and that a store is whole whatever goes wrong."""

import json
import shutil
from pathlib import Path
from types import SimpleNamespace

import pytest

from bench.artifacts.oci_artifact import TITLE, pack, unpack
from bench.artifacts.recipe import Recipes
from bench.artifacts.store import Store
from bench.artifacts.transfer import OWN as OWN_TAG
from bench.artifacts.transfer import ModelPusher, pull, repository_of, tag_of
from bench.artifacts.user_models import with_user_models
from bench.core.errors import HostError
from bench.core.matrix.schema import Source, load_matrix
from bench.images.registry.oci import Manifest, digest_of, make_manifest
from bench.images.registry.progress import Watcher
from tests.support.model_sources import write_made, write_sources

OWN = {"key": "a key", "file": "mine.onnx", "batch": 1}


class FakeRegistry:
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
    recipes = write_sources(tmp_path)
    full, empty = (Store(tmp_path / name, Recipes(recipes)) for name in ("full", "empty"))
    make(full, ["onnx"])
    make(full, ["savedmodel"], defines=False)
    return SimpleNamespace(full=full, empty=empty, registry=FakeRegistry(), recipes=recipes)


def make(
    store: Store,
    formats: list[str],
    *,
    defines: bool = True,
    own: dict | None = None,
    name: str = "small",
    precision: str = "fp32",
) -> None:
    with store.staging() as folder:
        store.record(name, folder, write_made(folder, name, formats, defines=defines, precision=precision), own=own)


def pushed(site: SimpleNamespace, store: Store | None = None, name: str = "small"):
    return ModelPusher(store or site.full, site.registry, Watcher()).push(name)


def pulled(site: SimpleNamespace, name: str = "small", wanted=lambda kind: True, digest: str | None = None):
    return pull(site.empty, site.registry, name, wanted, Watcher(), digest)


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
    site.registry.sent.clear()
    assert pushed(site).moved_bytes == 0
    assert site.registry.sent == []
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
    site.registry.blobs[digest] = b"damaged"
    with pytest.raises(HostError, match="is not the artifact"):
        pulled(site)
    assert site.empty.manifest("small") is None
    assert list((site.empty.root / "staging").iterdir()) == []


def test_a_pull_that_breaks_off_leaves_nothing_and_goes_on_next_time(site: SimpleNamespace) -> None:
    pushed(site)
    site.registry.broken = f"sha256:{site.full.find('small', 'onnx', 'fp32').sha256}"
    with pytest.raises(HostError, match="broke off"):
        pulled(site)
    assert site.empty.manifest("small") is None
    site.registry.broken = ""
    pulled(site)
    assert list(site.empty.verify()) == []


def test_a_model_of_the_user_s_goes_with_what_was_said_of_it(site: SimpleNamespace) -> None:
    make(site.full, ["onnx"], own={"key": "a key", "file": "mine.onnx", "batch": 1}, name="mine")
    pushed(site, name="mine")
    pulled(site, "mine")
    assert site.empty.user_models() == ["mine"]
    assert site.empty.find("mine", "onnx", "fp32").is_intact()
    pulled(site, "mine")
    make(site.full, ["onnx"], own={"key": "another key", "file": "mine.onnx"}, name="mine")
    pushed(site, name="mine")
    with pytest.raises(HostError, match="another model of that name was added here"):
        pulled(site, "mine")


@pytest.fixture
def own(site: SimpleNamespace) -> SimpleNamespace:
    """A model that a user brought, with what was made of it, and pushed."""
    make(site.full, ["onnx"], own=OWN, name="mine")
    make(site.full, ["tflite", "ncnn"], defines=False, name="mine")
    make(site.full, ["onnx"], defines=False, name="mine", precision="int8")
    pushed(site, name="mine")
    return site


def keys(store: Store, name: str = "mine") -> dict[str, str]:
    manifest = store.manifest(name)
    assert manifest is not None
    return {f"{each['format']}/{each['precision']}": each["key"] for each in manifest["artifacts"]}


def test_what_was_made_of_a_user_s_model_is_pulled_as_that(own: SimpleNamespace) -> None:
    pulled(own, "mine")
    assert keys(own.empty) == keys(own.full)
    assert [kind for kind, key in keys(own.empty).items() if key == "a key"] == ["onnx/fp32"]
    network = with_user_models(load_matrix(), own.empty, ["mine"]).models["mine"]
    assert network.brought == Source(format="onnx", precision="fp32")
    assert pulled(own, "mine").artifacts == []
    assert sorted(pushed(own, own.empty, "mine").artifacts) == ["ncnn/fp32", "onnx/fp32", "onnx/int8", "tflite/fp32"]


def test_the_file_itself_comes_with_whatever_is_asked_for(own: SimpleNamespace) -> None:
    moved = pulled(own, "mine", wanted=lambda kind: kind.format == "ncnn")
    assert moved.artifacts == ["onnx/fp32", "ncnn/fp32"]
    assert with_user_models(load_matrix(), own.empty).models["mine"].brought == Source(format="onnx", precision="fp32")
    assert pulled(own, "mine", wanted=lambda kind: kind.format == "tflite").artifacts == ["tflite/fp32"]
    assert sorted(keys(own.empty)) == ["ncnn/fp32", "onnx/fp32", "tflite/fp32"]
    with pytest.raises(HostError, match="nothing of mine that is asked for"):
        pulled(own, "mine", wanted=lambda kind: kind.format == "caffe")


def test_what_other_sources_made_of_a_user_s_file_is_not_pulled(own: SimpleNamespace) -> None:
    (own.recipes / "convert" / "requirements.txt").write_text("tensorflow==2\n")
    own.empty.recipes = Recipes(own.recipes)
    assert pulled(own, "mine").artifacts == ["onnx/fp32", "ncnn/fp32", "onnx/int8"]


def test_a_user_s_file_that_is_missing_is_pulled_once_more_and_not_pushed(own: SimpleNamespace) -> None:
    pulled(own, "mine", wanted=lambda kind: kind.format == "ncnn")
    own.empty.find("mine", "onnx", "fp32").path.unlink()
    with pytest.raises(HostError, match=r"its file mine\.onnx is missing"):
        pushed(own, own.empty, "mine")
    assert pulled(own, "mine", wanted=lambda kind: kind.format == "ncnn").artifacts == ["onnx/fp32"]
    (own.empty.root / "own" / "mine.json").write_text('{"schema": 2}')
    with pytest.raises(HostError, match="does not say its key"):
        pushed(own, own.empty, "mine")
    pulled(own, "mine")
    assert keys(own.empty) == keys(own.full)


def test_another_reference_brings_the_file_and_all_that_was_compared_with_it(own: SimpleNamespace) -> None:
    """As another version of the framework of reference would answer."""
    with own.empty.staging() as folder:
        made = write_made(folder, "mine", ["onnx"])
        (folder / "reference.npz").write_text("other answers")
        own.empty.record("mine", folder, made, own=OWN)
    assert pulled(own, "mine", wanted=lambda kind: kind.format == "ncnn").artifacts == ["onnx/fp32", "ncnn/fp32"]
    assert own.empty.find("mine", "ncnn", "fp32").is_intact()
    assert own.empty.user_file_entry("mine")


def test_what_an_earlier_version_pulled_is_mended_by_a_pull(own: SimpleNamespace) -> None:
    """It gave all of it the key of the file itself."""
    pulled(own, "mine")
    (path,) = (own.empty.root / "index" / "mine").iterdir()
    index = json.loads(path.read_text())
    path.write_text(json.dumps({**index, "artifacts": [{**each, "key": "a key"} for each in index["artifacts"]]}))
    assert with_user_models(load_matrix(), own.empty).models["mine"].brought == Source(format="onnx", precision="fp32")
    assert keys(own.empty) == {"onnx/fp32": "a key"}
    pulled(own, "mine")
    assert keys(own.empty) == keys(own.full)


def test_what_an_earlier_version_pushed_is_no_second_file(own: SimpleNamespace) -> None:
    """It pulled another format alone, took that for the file itself, and pushed it."""
    pulled(own, "mine", wanted=lambda kind: kind.format == "ncnn")
    (path,) = (own.empty.root / "index" / "mine").iterdir()
    index = json.loads(path.read_text())
    (ncnn,) = [{**each, "key": "a key"} for each in index["artifacts"] if each["format"] == "ncnn"]
    path.write_text(json.dumps({**index, "artifacts": [ncnn]}))
    with pytest.raises(HostError, match=r"its file mine\.onnx is missing"):
        pushed(own, own.empty, "mine")
    repository = repository_of(own.registry, "mine")
    manifest = own.registry.manifest(repository, OWN_TAG)
    there = unpack(manifest, own.registry.blob(repository, manifest.value["config"]["digest"]), "mine")
    others = [each for each in there["artifacts"] if each["format"] != "ncnn"]
    spoiled, config = pack({**there, "artifacts": [*others, ncnn]}, manifest.value["layers"])
    own.registry.blobs[spoiled.value["config"]["digest"]] = config
    own.registry.manifests[repository, OWN_TAG] = spoiled
    assert pulled(own, "mine").artifacts == ["onnx/fp32", "tflite/fp32", "onnx/int8"]
    own.full.remove("mine")
    make(own.full, ["onnx"], own=OWN, name="mine")
    assert sorted(pushed(own, name="mine").artifacts) == ["onnx/fp32", "onnx/int8", "tflite/fp32"]


@pytest.mark.parametrize("told", [{}, {"key": 1}, {"key": "another"}, [], {"key": "../a key"}])
def test_a_user_s_model_that_does_not_say_its_key_is_refused(own: SimpleNamespace, told: object) -> None:
    repository = repository_of(own.registry, "mine")
    manifest = own.registry.manifest(repository, OWN_TAG)
    index = json.loads(own.registry.blob(repository, manifest.value["config"]["digest"]))
    spoiled, config = pack({**index, "own": told, "key": told["key"] if told == {"key": "../a key"} else "a key"}, [])
    with pytest.raises(HostError, match="no model of this version"):
        unpack(spoiled, config, "mine")


def test_nothing_takes_the_place_of_a_model_of_the_catalogue(site: SimpleNamespace) -> None:
    make(site.full, ["onnx"], own={"key": "a key", "file": "large.onnx"}, name="large")
    moved = pushed(site, name="large")
    with pytest.raises(HostError, match="that is a model of the catalogue here"):
        pulled(site, "large", digest=moved.digest)


@pytest.mark.parametrize("title", ["../../etc/passwd", "/etc/passwd", "a/../../b", ""])
def test_a_path_that_leaves_its_folder_is_refused(site: SimpleNamespace, title: str) -> None:
    pushed(site)
    repository = repository_of(site.registry, "small")
    manifest = site.registry.manifest(repository, tag_of(site.full.manifest("small")))
    value = manifest.value
    value["layers"][0]["annotations"][TITLE] = title
    with pytest.raises(HostError, match="no model of this version"):
        unpack(make_manifest(value), site.registry.blob(repository, value["config"]["digest"]), "small")


def test_nothing_made_is_nothing_to_push(site: SimpleNamespace) -> None:
    with pytest.raises(HostError, match="nothing of large is made"):
        pushed(site, name="large")
    shutil.rmtree(site.full.root)
    with pytest.raises(HostError, match="nothing of small is made"):
        pushed(site)
