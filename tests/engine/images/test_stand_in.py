"""An image on a stand-in for a vendor's base: our lines run, and what comes of it is never taken for the real one."""

import json

import docker
import pytest

from bench.core.errors import HostError
from bench.core.matrix.vendor_images import STAND_IN, STAND_IN_BASE
from bench.images import bake, local
from runner.protocol import hash_runner
from tests.engine.images.conftest import run

pytestmark = pytest.mark.engine


@pytest.fixture(scope="module")
def image(engine: docker.DockerClient) -> local.Image:
    """TensorRT's image for this machine, on the stand-in. A real one that is there is not replaced."""
    if local.native_platform() != "amd64":
        pytest.skip("tensorrt has an image for amd64 only")
    there = local.inspect("tensorrt", "amd64", engine)
    if there is not None and STAND_IN not in there.labels:
        pytest.skip("the real image of tensorrt is here")
    bake.build(["tensorrt"], "amd64", stand_in=True)
    found = local.inspect("tensorrt", "amd64", engine)
    assert found is not None
    return found


def test_it_starts_the_runner_with_no_rights_at_all(engine, image):
    said = run(
        engine, image.image_id, "probe",
        read_only=True, cap_drop=["ALL"], security_opt=["no-new-privileges"], user="12345:54321", tmpfs={"/tmp": ""},
        stderr=False,
    )  # fmt: skip
    probe = json.loads(said)
    assert probe["runner_sha256"] == hash_runner()
    assert probe["frameworks"] == {}, "a stand-in holds no framework"
    config = engine.images.get(image.image_id).attrs["Config"]
    assert config["Entrypoint"] == ["/opt/venv/bin/python", "-m", "runner"]
    assert config["User"] == "65532:65532"
    assert not config["Cmd"]


def test_it_says_what_it_stands_on_and_is_refused(engine, image):
    assert image.labels[STAND_IN] == "true"
    assert image.labels["org.opencontainers.image.base.name"] == STAND_IN_BASE
    assert image.labels["org.edgebench.framework.version"] == "none (stand-in)"
    with pytest.raises(HostError, match="stands on a stand-in"):
        local.require(engine, "tensorrt", "amd64")
