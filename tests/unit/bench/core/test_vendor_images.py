"""Images on a vendor's base: which that is, and that a stand-in's never pass for it."""

import re
from types import SimpleNamespace

import pytest

from bench.core.errors import HostError
from bench.core.matrix.schema import load_matrix
from bench.core.matrix.vendor_images import FOLDER, STAND_IN, base, vendored
from bench.images import bake, local

MATRIX = load_matrix()


@pytest.mark.parametrize("framework", vendored())
def test_every_platform_of_the_matrix_has_a_base_with_a_tag(framework):
    platforms = MATRIX.frameworks[framework].platforms
    bases = {platform: base(framework, platform) for platform in ("amd64", "arm64", "l4t-r32", "l4t-r35", "l4t-r36")}
    assert {platform for platform, held in bases.items() if held} == platforms.keys()
    for platform in platforms:
        held = str(bases[platform])
        assert re.fullmatch(r"(nvcr\.io/nvidia|docker\.io/dustynv)/[a-z0-9-]+:[A-Za-z0-9._-]+", held)
        assert local.version(framework, platform) == held.split(":")[1]


def test_frameworks_of_the_groups_cuda_and_l4t_say_which_adapter_drives_which_device():
    for name, entry in MATRIX.frameworks.items():
        if entry.group in ("cuda", "l4t"):
            assert entry.device == "CUDA", name
            assert "measured" not in entry.platforms.values(), name
    assert MATRIX.frameworks["l4t-pytorch"].adapter == "pytorch"


def test_what_adds_the_runner_is_part_of_the_recipe(monkeypatch, tmp_path):
    before = local.recipe_hash("l4t-pytorch"), local.recipe_hash("pytorch")
    for folder in ("images/l4t-pytorch", "images/pytorch", FOLDER):
        (tmp_path / folder).mkdir(parents=True)
        for path in (local.PROJECT / folder).iterdir():
            (tmp_path / folder / path.name).write_bytes(path.read_bytes())
    monkeypatch.setattr(local, "PROJECT", tmp_path)
    assert (local.recipe_hash("l4t-pytorch"), local.recipe_hash("pytorch")) == before
    (tmp_path / FOLDER / "add-runner").write_text("other")
    assert local.recipe_hash("l4t-pytorch") != before[0]
    assert local.recipe_hash("pytorch") == before[1]


@pytest.mark.parametrize("stand_in", [False, True])
def test_a_target_stands_on_the_vendors_image_or_says_that_it_does_not(stand_in):
    target = {"additional_contexts": {}, "labels": {"org.edgebench.framework.version": "1"}}
    bake._set_base(target, "nvcr.io/nvidia/x:1", stand_in=stand_in)
    assert target["additional_contexts"]["base"] == (
        "target:stand-in" if stand_in else "docker-image://nvcr.io/nvidia/x:1"
    )
    assert (STAND_IN in target["labels"]) is stand_in
    assert (target["labels"]["org.edgebench.framework.version"] == "1") is not stand_in


def test_an_image_on_a_stand_in_is_refused():
    labels = {**local.labels("tensorrt", "amd64"), STAND_IN: "true"}
    found = SimpleNamespace(id="sha256:0", attrs={"Size": 1}, labels=labels)
    engine = SimpleNamespace(images=SimpleNamespace(get=lambda ref: found))
    with pytest.raises(HostError, match="stands on a stand-in") as caught:
        local.require(engine, "tensorrt", "amd64")
    assert "--platform amd64" in str(caught.value.hint)
    del labels[STAND_IN]
    assert local.require(engine, "tensorrt", "amd64").image_id == "sha256:0"
