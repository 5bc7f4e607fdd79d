"""Every framework's image: what is in it, what is not, and what it takes to build it again."""

import json
import time

import docker
import pytest

from bench import bake, images
from bench.engine import LABEL
from bench.images import Image
from bench.paths import PROJECT
from runner.protocol import hash_runner

pytestmark = pytest.mark.engine

PACKAGES = "/opt/venv/lib/python3.11/site-packages"
BUDGET = 25_000_000  # bytes over base and packages: Python itself, the runner, and what holds them together

# Bytes of a whole file system, a file of several names once; the same tools measure base and image.
ALL_BYTES = "find / -xdev -type f -printf '%i %s\\n' | sort -u | awk '{ sum += $2 } END { printf \"%d\", sum }'"

# What pip installed, by its own records: per distribution the bytes of its files and of what they were compiled to.
INSTALLED = f"""
import csv, glob, json, os
found = {{}}
for record in glob.glob("{PACKAGES}/*.dist-info/RECORD"):
    name, version = os.path.basename(os.path.dirname(record))[: -len(".dist-info")].rsplit("-", 1)
    size = 0
    for path, *_ in csv.reader(open(record)):
        full = os.path.join("{PACKAGES}", path)
        folder, file = os.path.split(full)
        compiled = os.path.join(folder, "__pycache__", file[:-3] + ".cpython-311.pyc")
        for each in [full] + [compiled] * file.endswith(".py"):
            size += os.path.getsize(each) if os.path.exists(each) else 0
    found[name.replace("_", "-").lower()] = [version, size]
print(json.dumps(found))
"""


@pytest.fixture(scope="module", params=images.frameworks())
def image(request, engine) -> Image:
    """Each framework's image, as the sources say it must be; setup/tests builds all."""
    return images.require(engine, request.param, images.native_platform())


def run(engine: docker.DockerClient, ref: str, *command: str, **options: object) -> str:
    """What a command says in a container without a network, which is then removed."""
    options = {"network_mode": "none", "remove": True, "labels": {LABEL: "tests"}, **options}
    return engine.containers.run(ref, list(command), **options).decode()


def python(engine: docker.DockerClient, image: Image, source: str) -> str:
    return run(engine, image.digest, "-c", source, entrypoint="/opt/venv/bin/python")


def shell(engine: docker.DockerClient, ref: str, source: str) -> str:
    return run(engine, ref, "-c", source, entrypoint="sh", user="0")


def test_it_starts_the_runner_as_nobody_in_particular(engine, image):
    config = engine.images.get(image.digest).attrs["Config"]
    assert config["Entrypoint"] == ["/opt/venv/bin/python", "-m", "runner"]
    assert config["User"] == "65532:65532"
    assert config["WorkingDir"] == "/"
    assert [entry.split("=")[0] for entry in config["Env"]] == ["PATH"]
    assert not config["Cmd"]


def test_its_labels_say_what_it_was_built_from(image):
    assert images.labels(image.framework).items() <= image.labels.items()
    assert image.labels["org.edgebench.runner.sha256"] == hash_runner()
    for name in ("title", "description", "licenses", "base.name"):
        assert image.labels[f"org.opencontainers.image.{name}"]


def test_it_runs_with_no_rights_at_all(engine, image):
    said = run(
        engine, image.digest, "probe",
        read_only=True, cap_drop=["ALL"], security_opt=["no-new-privileges"], user="12345:54321", tmpfs={"/tmp": ""},
    )  # fmt: skip
    probe = json.loads(said)
    assert probe["runner_sha256"] == hash_runner()
    locked = images.pins(image.framework)
    found = probe["frameworks"][image.framework]
    assert len(found) >= 2
    assert found.items() <= locked.items()


def test_it_holds_what_the_lock_file_names_and_nothing_else(engine, image):
    found = {name: version for name, (version, _) in json.loads(python(engine, image, INSTALLED)).items()}
    assert found == {name.replace("_", "-").lower(): version for name, version in images.pins(image.framework).items()}


def test_it_is_no_bigger_than_it_must_be(engine, image):
    base = int(shell(engine, image.labels["org.opencontainers.image.base.name"], ALL_BYTES))
    packages = sum(size for _, size in json.loads(python(engine, image, INSTALLED)).values())
    whole = int(shell(engine, image.digest, ALL_BYTES))
    over = whole - base - packages
    assert over <= BUDGET, f"{image.framework}: {whole / 1e6:.1f} MB is {over / 1e6:.1f} MB over base and packages"


def test_nothing_that_builds_or_installs_is_left_in_it(engine, image):
    tools = "pip pip3 pip3.11 gcc g++ cc c++ ld make cmake"
    assert shell(engine, image.digest, f"for tool in {tools}; do command -v $tool; done; true") == ""
    assert shell(engine, image.digest, "find /var/lib/apt/lists /var/cache/apt -type f") == ""
    locked = images.pins(image.framework)
    unwanted = [name for name in ("pip", "ensurepip", "setuptools", "wheel") if name not in locked]
    source = "import importlib.util, sys; print([n for n in sys.argv[1:] if importlib.util.find_spec(n)])"
    assert run(engine, image.digest, "-c", source, *unwanted, entrypoint="/opt/venv/bin/python").strip() == "[]"


def test_it_compiles_nothing_when_it_runs(engine, image):
    counts = f"cd {PACKAGES}/runner; find . -name '*.py' | wc -l; find . -name '*.pyc' | wc -l"
    sources, compiled = shell(engine, image.digest, counts).split()
    assert sources == compiled != "0"


def test_all_share_one_base(engine):
    layers = {
        tuple(engine.images.get(image.digest).attrs["RootFS"]["Layers"][:2])
        for image in images.list_images(engine)
        if image.framework in images.frameworks() and image.platform == images.native_platform()
    }
    assert len(layers) == 1


def test_a_second_build_takes_seconds_and_changes_nothing(image):
    start = time.monotonic()
    bake.build([image.framework])
    took = time.monotonic() - start
    again = images.inspect(image.framework, image.platform)
    assert again is not None
    assert again.digest == image.digest
    assert took < 30


def test_every_framework_of_the_matrix_has_an_image():
    from bench.config import load_matrix

    assert set(load_matrix().frameworks) == set(images.frameworks())
    assert all((PROJECT / "images" / name / "Dockerfile").is_file() for name in images.frameworks())
