"""`bench devices` as a user meets it."""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
import yaml

from bench.core.matrix.schema import load_matrix
from tests.support.machines import Machine, jetson_tx2, pc, raspberry_pi

MATRIX = load_matrix()
HERE = Path(__file__).parent


def bench(*words, machine: Machine | None = None):
    """Call it on this machine, or on a tree in place of it."""
    tree = f"Local(Path({str(machine.root)!r}), {machine.machine!r})" if machine else "host.this_machine()"
    script = (
        "import sys; from pathlib import Path; from bench.hosts import host; from bench.hosts.host import Local;"
        f"there = {tree}; host.this_machine = lambda: there; sys.argv = ['bench', *{list(words)!r}];"
        "from bench.cli.app import main; main()"
    )
    with tempfile.TemporaryDirectory() as cache:  # that of another bench may be in use
        environ = {**os.environ, "EDGEBENCH_CACHE": cache}
        return subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, env=environ, cwd=HERE)


def test_the_list_names_every_device_with_its_level():
    done = bench("devices", "list")
    assert done.returncode == 0, done.stderr
    for name, device in MATRIX.devices.items():
        (line,) = (line for line in done.stdout.splitlines() if line.split()[0] == name)
        assert line.rstrip().endswith(device.verified)
    rows = json.loads(bench("devices", "list", "--json").stdout)
    assert [row["device"] for row in rows] == list(MATRIX.devices)


@pytest.mark.parametrize("name", MATRIX.devices)
def test_every_device_can_be_shown(name):
    done = bench("devices", "show", name)
    assert done.returncode == 0, done.stderr
    assert yaml.safe_load(done.stdout)["title"] == MATRIX.devices[name].title
    assert done.stdout.isprintable() or "\\u" not in done.stdout


def test_a_name_that_is_none_gets_the_nearest():
    done = bench("devices", "show", "jetson-tx3")
    assert (done.returncode, "did you mean 'jetson-tx2'?" in done.stderr) == (2, True)


def test_a_probe_says_what_a_board_is_and_why(tmp_path):
    done = bench("devices", "probe", "--json", machine=jetson_tx2(tmp_path))
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    assert [each["device"] for each in said["devices"]] == ["jetson-tx2"]
    assert said["devices"][0]["because"] == ["compatible nvidia,p2771-0000", "compatible nvidia,quill"]
    assert (said["l4t"], said["platform"], said["unknown"]) == ("R32.7.4", "l4t-r32", [])
    text = bench("devices", "probe", machine=jetson_tx2(tmp_path)).stdout
    assert "quill, aarch64, L4T R32.7.4" in text
    assert "jetson-tx2: Jetson TX2, by compatible nvidia,p2771-0000" in text


def test_a_plain_pc_is_a_host_and_nothing_else(tmp_path):
    done = bench("devices", "probe", machine=pc(tmp_path))
    assert done.returncode == 0
    assert [line.partition(":")[0] for line in done.stdout.splitlines()[1:]] == ["host"]


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (
            lambda board: board.tree("?", "nvidia,p9999", "nvidia,tegra186"),
            "(nvidia,tegra186) does not say which board",
        ),
        (lambda board: board.usb("03e7", "f63b"), "plug it in again"),
        (
            lambda board: board.file("/etc/nv_tegra_release", "# R32 (release), REVISION: 5.1, G"),
            "no image for L4T R32.5.1",
        ),
    ],
)
def test_what_cannot_be_told_is_not_guessed(spoil, said, tmp_path):
    board = jetson_tx2(tmp_path)
    spoil(board)
    done = bench("devices", "probe", machine=board)
    assert done.returncode == 3
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_a_matrix_of_another_architecture_names_the_board_to_go_to(tmp_path):
    done = bench("matrix", "run", "--device", "rtx-2080", "--model", "cifarnet", machine=raspberry_pi(tmp_path))
    assert done.returncode == 2
    assert "this machine is arm64, and the device 'rtx-2080' is amd64" in done.stderr


def test_the_doctor_of_another_board_fails_with_code_3():
    done = bench("doctor", "--device", "jetson-tx2", "--json")
    assert done.returncode == 3, done.stderr
    lines = json.loads(done.stdout)["lines"]
    assert {line["level"] for line in lines} <= {"ok", "warn", "fail"}
    assert {"L4T", "power mode", "clocks"} <= {line["topic"] for line in lines if line["level"] == "fail"}


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["doctor", "--fix", "--restore"], "--fix and --restore"),
        (["doctor", "--device", "coral-usb", "--framework", "tflite"], "coral-usb has no image of tflite"),
        (["compose", "render", "--device", "pynq-z1"], "nothing to render"),
        (["compose", "model", "host/tflite", "--output", "x"], "is no cell"),
    ],
)
def test_wrong_words_are_refused(words, said):
    done = bench(*words)
    assert done.returncode == 2, done.stderr
    assert said in done.stderr
