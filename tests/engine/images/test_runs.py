"""What every image is and does, whatever is in it: how it starts, as whom, with how little."""

import json
import platform

import pytest

from bench.images import local
from runner.protocol import hash_runner
from tests.engine.images.conftest import PYTHON, run, shell

pytestmark = pytest.mark.engine


def test_it_starts_the_runner_as_nobody_in_particular(engine, image):
    config = engine.images.get(image.image_id).attrs["Config"]
    assert config["Entrypoint"] == [PYTHON, "-m", "runner"]
    assert config["User"] == "65532:65532"
    assert config["WorkingDir"] == "/"
    assert [entry.split("=")[0] for entry in config["Env"]] == ["PATH"]
    assert not config["Cmd"]


def test_its_labels_say_what_it_was_built_from(image):
    assert local.labels(image.framework, image.platform).items() <= image.labels.items()
    assert image.labels["org.edgebench.runner.sha256"] == hash_runner()
    for name in ("title", "description", "licenses", "base.name"):
        assert image.labels[f"org.opencontainers.image.{name}"]


def test_it_runs_with_no_rights_at_all_and_says_what_is_in_it(engine, image):
    said = run(
        engine, image.image_id, "probe",
        read_only=True, cap_drop=["ALL"], security_opt=["no-new-privileges"], user="12345:54321", tmpfs={"/tmp": ""},
    )  # fmt: skip
    probe = json.loads(said)
    assert probe["runner_sha256"] == hash_runner()
    assert probe["machine"] == platform.machine()
    found = probe["frameworks"][image.framework]
    assert local.version(image.framework, image.platform) in found.values()
    locked = local.pins(image.framework, image.platform)
    assert {name: version for name, version in found.items() if name in locked}.items() <= locked.items()
    assert "numpy" in found, "the arrays are part of what is measured"


def test_it_compiles_nothing_when_it_runs(engine, image, installed):
    folder = f"{installed(image)['folder']}/runner"
    sources, compiled = shell(
        engine, image.image_id, f"cd {folder}; find . -name '*.py' | wc -l; find . -name '*.pyc' | wc -l"
    ).split()
    assert sources == compiled != "0"
