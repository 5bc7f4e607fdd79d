"""Every image of this machine's platform, and looking into one."""

import json
from collections.abc import Callable
from functools import cache
from typing import Any

import docker
import pytest

from bench.images import local
from bench.images.engine import LABEL
from bench.images.local import Image
from tests.conftest import frameworks_under_test

PYTHON = "/opt/venv/bin/python"

# Said by the image's own Python: where its packages are, and per distribution the version and the bytes of its files
# and of what they were compiled to, by pip's records.
INSTALLED = """
import csv, glob, json, os, sys, sysconfig
folder = sysconfig.get_path("purelib")
tag = sys.implementation.cache_tag
found = {}
for record in glob.glob(folder + "/*.dist-info/RECORD"):
    name, version = os.path.basename(os.path.dirname(record))[: -len(".dist-info")].rsplit("-", 1)
    size = 0
    for path, *_ in csv.reader(open(record)):
        full = os.path.join(folder, path)
        place, file = os.path.split(full)
        compiled = os.path.join(place, "__pycache__", file[:-3] + "." + tag + ".pyc")
        for each in [full] + [compiled] * file.endswith(".py"):
            size += os.path.getsize(each) if os.path.exists(each) else 0
    found[name.replace("_", "-").lower()] = [version, size]
print(json.dumps({"folder": folder, "packages": found}))
"""


@pytest.fixture(scope="session", params=frameworks_under_test())
def image(request: pytest.FixtureRequest, engine: docker.DockerClient) -> Image:
    """Each framework's image, as the sources say it must be; setup/tests builds them."""
    return local.require(engine, request.param, local.native_platform())


def run(engine: docker.DockerClient, ref: str, *command: str, **options: object) -> str:
    """What a command says in a container without a network, which is then removed."""
    options = {"network_mode": "none", "remove": True, "labels": {LABEL: "tests"}, **options}
    return engine.containers.run(ref, list(command), **options).decode()


def python(engine: docker.DockerClient, image: Image, source: str, *words: str) -> str:
    """What a program says, run by the image's own Python."""
    return run(engine, image.image_id, "-c", source, *words, entrypoint=PYTHON)


def shell(engine: docker.DockerClient, ref: str, source: str) -> str:
    """What a script says, run as root."""
    return run(engine, ref, "-c", source, entrypoint="sh", user="0")


@pytest.fixture(scope="session")
def installed(engine: docker.DockerClient) -> Callable[[Image], dict[str, Any]]:
    """INSTALLED of an image, asked once."""

    @cache
    def ask(digest: str) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(run(engine, digest, "-c", INSTALLED, entrypoint=PYTHON))
        return found

    return lambda image: ask(image.image_id)
