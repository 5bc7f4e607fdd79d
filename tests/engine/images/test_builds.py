"""How images are built: on shared layers, and once."""

import time

import pytest

from bench.building import bake, images
from bench.matrix.config import load_matrix
from bench.paths import PROJECT
from tests.conftest import frameworks_under_test

pytestmark = pytest.mark.engine


def test_all_images_of_a_base_share_it(engine):
    """Base and Python are the same two layers in each, so that pulling one after another transfers them once."""
    layers: dict[str, set[tuple[str, ...]]] = {}
    for name in frameworks_under_test():
        image = images.require(engine, name, images.native_platform())
        held = engine.images.get(image.digest).attrs["RootFS"]["Layers"]
        layers.setdefault(image.labels["org.opencontainers.image.base.name"], set()).add(tuple(held[:2]))
    assert all(len(bases) == 1 for bases in layers.values()), layers


def test_a_second_build_takes_seconds_and_changes_nothing(image):
    start = time.monotonic()
    bake.build([image.framework])
    took = time.monotonic() - start
    again = images.inspect(image.framework, image.platform)
    assert again is not None
    assert again.digest == image.digest
    assert took < 30


def test_every_framework_of_the_matrix_has_an_image():
    assert set(load_matrix().frameworks) == set(images.frameworks())
    assert all((PROJECT / "images" / name / "Dockerfile").is_file() for name in images.frameworks())
