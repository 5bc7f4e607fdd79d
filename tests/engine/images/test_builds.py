"""How images are built: on shared layers, and once."""

import time

import docker
import pytest

from bench.core.matrix.schema import load_matrix
from bench.core.paths import PROJECT
from bench.images import bake, local
from bench.images.prune import tidy
from tests.conftest import frameworks_under_test
from tests.engine.conftest import wait_for

pytestmark = pytest.mark.engine


def test_all_images_of_a_base_share_it(engine):
    """Base and Python are the same two layers in each, so that pulling one after another transfers them once."""
    layers: dict[str, set[tuple[str, ...]]] = {}
    for name in frameworks_under_test():
        image = local.require(engine, name, local.native_platform())
        held = engine.images.get(image.image_id).attrs["RootFS"]["Layers"]
        layers.setdefault(image.labels["org.opencontainers.image.base.name"], set()).add(tuple(held[:2]))
    assert all(len(bases) == 1 for bases in layers.values()), layers


def test_a_second_build_takes_seconds_and_changes_nothing(image, engine):
    """Nor does it need the builder's own copy of the installed packages, which is dropped once images are built."""
    before = _installed(engine)

    def dropped() -> bool:  # what another process begins to build meanwhile is in use, and goes a moment later
        tidy()
        return not before & _installed(engine)

    wait_for(dropped)
    start = time.monotonic()
    bake.build([image.framework])
    took = time.monotonic() - start
    again = local.inspect(image.framework, image.platform)
    assert again is not None
    assert again.image_id == image.image_id
    assert took < 30


def _installed(engine: docker.DockerClient) -> set[str]:
    """What the builder keeps of stages that installed packages, but for what another process builds or stands on."""
    kept = engine.df()["BuildCache"]
    below = {parent for each in kept for parent in each.get("Parents") or each.get(" Parents") or ()}
    made = {each["ID"] for each in kept if "make-venv /" in each["Description"] and not each["InUse"]}
    return made - below


def test_every_framework_of_the_matrix_has_an_image():
    assert set(load_matrix().frameworks) == set(local.frameworks())
    assert all((PROJECT / "images" / name / "Dockerfile").is_file() for name in local.frameworks())
