"""compose/ with the real Compose: every file is accepted, and one is run."""

import json
import os
import subprocess
from pathlib import Path

import pytest

from bench.core.paths import PROJECT
from bench.images import engine as engines
from bench.images.local import native_platform
from tests.engine.conftest import CELL

pytestmark = pytest.mark.engine

FILES = sorted((PROJECT / "compose").glob("*.yaml"))


def compose(file: Path, *words: str, **environ: str) -> subprocess.CompletedProcess[str]:
    command = [PROJECT / "setup" / "env", "docker", "compose", "-f", file, *words]
    return subprocess.run(command, capture_output=True, text=True, env={**os.environ, **environ}, timeout=300)


@pytest.fixture(scope="module", autouse=True)
def plugin(engine) -> None:
    """Compose's plugin, which an engine of the user's need not have."""
    if compose(FILES[0], "version").returncode:
        (pytest.fail if os.environ.get("REQUIRE_ENGINE") == "1" else pytest.skip)("docker compose is not there")


@pytest.mark.parametrize("file", FILES, ids=lambda path: path.stem)
def test_compose_accepts_it(file):
    done = compose(file, "--profile", "*", "config", "--format", "json")
    assert done.returncode == 0, done.stderr
    services = json.loads(done.stdout)["services"]
    assert services
    if file.stem != "registry":
        assert all(service["read_only"] and service["network_mode"] == "none" for service in services.values())
        assert compose(file, "up", "--no-start").stderr.strip() == "no service selected", "one at a time"


def test_compose_says_of_hardware_what_we_meant():
    def service(device: str, name: str) -> dict:
        done = compose(PROJECT / "compose" / f"{device}.yaml", "--profile", name, "config", "--format", "json")
        return json.loads(done.stdout)["services"][name]

    jetson = service("jetson-tx2", "l4t-tensorrt")
    assert (jetson["runtime"], jetson["environment"]["NVIDIA_DRIVER_CAPABILITIES"]) == ("nvidia", "all")
    assert "OMP_NUM_THREADS" in jetson["environment"], "what all services share is not lost"
    (card,) = service("rtx-2080", "tensorrt")["deploy"]["resources"]["reservations"]["devices"]
    assert (card["driver"], card["count"], card["capabilities"]) == ("nvidia", -1, ["gpu"])
    stick = service("coral-usb", "coral")
    assert stick["device_cgroup_rules"] == ["c 189:* rmw"]
    assert {"/dev/bus/usb", "/models"} <= {volume["target"] for volume in stick["volumes"]}


def test_one_is_run_with_the_model_that_was_laid_out(made, bench, tmp_path):
    models = tmp_path / "models"
    done = bench("compose", "model", CELL, "--output", str(models), "--profile", "demo")
    assert done.returncode == 0, done.stderr
    assert f"EDGEBENCH_MODELS={models}" in done.stderr.replace("\n", "")
    ran = compose(
        PROJECT / "compose" / "host.yaml", "run", "--rm", "--quiet-pull", "onnxruntime",
        EDGEBENCH_MODELS=str(models), EDGEBENCH_PLATFORM=native_platform(),
        EDGEBENCH_USER=f"{os.getuid()}:{os.getgid()}",
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr
    events = {event["event"]: event for event in map(json.loads, ran.stdout.splitlines())}
    assert {"hello", "loaded", "output", "samples", "done"} <= events.keys()
    assert events["output"]["parity"]["max_rel"] < 1e-3
    assert int(events["hello"]["kernel"]["cap_eff"], 16) == 0
    assert engines.connect().containers.list(all=True, filters={"label": "org.edgebench.run=compose"}) == []
    again = bench("compose", "model", CELL, "--output", str(models))
    assert (again.returncode, "is not empty" in again.stderr) == (3, True)
