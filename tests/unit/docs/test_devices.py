"""docs/devices.md has what matrix.yaml says; docs/adding-a-device.md is followed to the letter."""

import re
from pathlib import Path

import pytest
import yaml

from bench.cli import devices
from bench.core.matrix.plan import Selection, make_plan
from bench.core.matrix.schema import Matrix, load_matrix
from bench.core.paths import MATRIX, PROJECT
from bench.hosts import identify
from bench.hosts.grant import make_grant
from bench.hosts.target import resolve_target
from bench.run import compose
from tests.support.machines import Machine

PAGE = PROJECT / "docs" / "devices.md"


def test_the_tables_are_those_of_the_matrix():
    found = re.search(
        r"<!-- devices: bench devices markdown -->\n(.*?)\n<!-- /devices -->", PAGE.read_text(), re.DOTALL
    )
    assert found is not None
    assert found[1] == devices.tables(load_matrix()), "renew it: bench devices markdown"


def test_every_family_has_its_traps():
    titles = re.findall(r"^### (.+)$", PAGE.read_text(), re.MULTILINE)
    for family in ("Jetson", "NVIDIA's cards", "Coral", "Movidius", "Intel's GPU and NPU", "Raspberry Pi", "PYNQ-Z1"):
        assert family in titles


@pytest.fixture
def added(tmp_path: Path) -> Matrix:
    """matrix.yaml with what the page says to write."""
    page = (PROJECT / "docs" / "adding-a-device.md").read_text()
    blocks = [
        re.sub(r"^   ", "", each, flags=re.MULTILINE) for each in re.findall(r"```yaml\n(.*?)```", page, re.DOTALL)
    ]
    text = MATRIX.read_text()
    for block in blocks:
        (section,) = yaml.safe_load(block)
        entry = block.partition("\n")[2].rstrip() + "\n"
        assert f"\n{section}:\n" in text
        text = text.replace(f"\n{section}:\n", f"\n{section}:\n{entry}", 1)
    path = tmp_path / "matrix.yaml"
    path.write_text(text)
    return load_matrix(path)


def test_a_device_is_added_in_one_place(added, tmp_path):
    assert added.devices["rock-5b"].title == "Radxa ROCK 5B"
    assert len(added.devices) == len(load_matrix().devices) + 1

    board = Machine(tmp_path / "board", "aarch64").tree("Radxa ROCK 5B", "radxa,rock-5b", "rockchip,rk3588")
    facts = identify.read_facts(board.host(), added.devices)
    assert [name for name, each in added.devices.items() if identify.matches(each, facts)] == ["rock-5b"]

    plan = make_plan(added, Selection(device="rock-5b", models=["cifarnet"], blocks=1))
    assert {"tflite", "coral"} <= {cell.framework for cell in plan.cells}
    target = resolve_target("rock-5b", ["coral"], added, board.host())
    assert any("/dev/apex_0 is not there" in each.what for each in target.lacking)
    assert target.grants["coral"].nodes == ("/dev/apex_0",)

    services = yaml.safe_load(compose.render(added, "rock-5b"))["services"]
    assert services["coral"]["devices"] == ["/dev/apex_0:/dev/apex_0:rwm"]
    assert "| `rock-5b` Radxa ROCK 5B | declared |" in devices.tables(added)


def test_and_a_way_to_hardware_likewise(added, tmp_path):
    way = added.access["rknpu"]
    host = Machine(tmp_path, "aarch64").host()
    assert make_grant([way], "arm64", host).groups == (105,)
    assert added.accesses("rock-5b", "coral") == [added.access["apex"]]
