"""compose/: rendered, committed, and the same as the SDK is asked for."""

from pathlib import Path

import pytest
import yaml

from bench.core.errors import ConfigError
from bench.core.matrix.schema import load_matrix
from bench.core.paths import PROJECT
from bench.run import compose

MATRIX = load_matrix()
RENDERED = [name for name in MATRIX.devices if compose.renderable(MATRIX, name)]
FOLDER = PROJECT / "compose"


@pytest.mark.parametrize("device", RENDERED)
def test_the_committed_file_is_what_is_rendered(device):
    committed = FOLDER / f"{device}.yaml"
    again = f"bench compose render --device {device} --output compose/{device}.yaml"
    assert committed.exists(), again
    assert committed.read_text() == compose.render(MATRIX, device), again


def test_no_file_is_of_a_device_that_there_is_not():
    assert {path.stem for path in FOLDER.glob("*.yaml")} == {*RENDERED, "registry"}


@pytest.mark.parametrize("device", RENDERED)
def test_a_file_says_what_the_sdk_is_asked_for(device):
    value = yaml.safe_load(compose.render(MATRIX, device))
    assert list(value["services"]) == compose.renderable(MATRIX, device)
    for name, found in value["services"].items():
        assert found == compose._service(MATRIX, device, name)
        assert found["read_only"] is True
        assert (found["network_mode"], found["cap_drop"]) == ("none", ["ALL"])
        assert found["profiles"] == [name], "or `docker compose up` would start all at once"


def test_jetson_cards_and_sticks_are_asked_for_as_compose_has_it():
    def service(device, name):
        return yaml.safe_load((FOLDER / f"{device}.yaml").read_text())["services"][name]

    jetson = service("jetson-tx2", "l4t-tensorrt")
    assert (jetson["runtime"], jetson["environment"]["NVIDIA_VISIBLE_DEVICES"]) == ("nvidia", "all")
    assert "deploy" not in jetson
    card = service("rtx-2080", "pytorch-cuda")["deploy"]["resources"]["reservations"]["devices"]
    assert card == [{"driver": "nvidia", "count": "all", "capabilities": ["gpu"]}]
    stick = service("coral-usb", "coral")
    assert "/dev/bus/usb:/dev/bus/usb" in stick["volumes"]
    assert stick["device_cgroup_rules"] == ["c 189:* rmw"]
    assert service("coral-pcie", "coral")["group_add"] == ["${APEX_GID:-apex}"]
    assert service("raspberry-pi-4", "tflite")["devices"] == ["/dev/vcio:/dev/vcio:rwm"]
    assert service("jetson-orin-nano", "l4t-pytorch")["image"].endswith(":${EDGEBENCH_PLATFORM:-l4t-r36}")
    assert service("jetson-tx2", "l4t-pytorch")["image"].endswith("/l4t-pytorch:l4t-r32")


@pytest.mark.parametrize("device", RENDERED)
def test_every_variable_has_a_default_and_is_explained(device):
    text = (FOLDER / f"{device}.yaml").read_text()
    head = text[: text.index("\nname:")]
    used = {part.partition(":-")[0] for part in text.split("${")[1:]}
    assert used
    for name in used:
        assert f"${{{name}:-" in text
        assert f"#   {name} " in head


@pytest.mark.parametrize("device", [name for name in MATRIX.devices if name not in RENDERED])
def test_a_device_without_images_is_not_rendered_and_says_why(device):
    with pytest.raises(ConfigError, match=f"nothing to render for {device}: .+"):
        compose.render(MATRIX, device)


def test_rendering_asks_no_machine(monkeypatch, tmp_path: Path):
    monkeypatch.setenv("EDGEBENCH_HOST_ROOT", str(tmp_path))
    assert compose.render(MATRIX, "coral-pcie") == (FOLDER / "coral-pcie.yaml").read_text()
