"""A device on a machine: what is missing is named before anything starts, with what to do."""

import pytest

from bench.core.errors import ConfigError, HostError
from bench.core.matrix.schema import load_matrix
from bench.hosts.target import require_here, resolve_target
from tests.support.machines import Machine, jetson_tx2, orin_nano, pc, raspberry_pi

MATRIX = load_matrix()
JETSON = {"Runtimes": {"runc": {}, "nvidia": {}}}
PLAIN = {"Runtimes": {"runc": {}, "io.containerd.runc.v2": {}}}


def lacking(device, framework, machine, engine=None):
    return [each.what for each in resolve_target(device, [framework], MATRIX, machine.host(), engine).lacking]


def test_a_tx2_that_has_everything_lacks_nothing(tmp_path):
    target = resolve_target("jetson-tx2", ["l4t-tensorrt", "tflite"], MATRIX, jetson_tx2(tmp_path).host(), JETSON)
    assert target.lacking == ()
    assert target.platforms == {"l4t-tensorrt": "l4t-r32", "tflite": "arm64"}
    target.require()


def test_a_runtime_that_the_engine_lacks_is_named(tmp_path):
    (said,) = lacking("jetson-tx2", "l4t-tensorrt", jetson_tx2(tmp_path), PLAIN)
    assert "no runtime 'nvidia' (it has io.containerd.runc.v2, runc)" in said


def test_nodes_that_are_not_there_are_named_with_what_to_do(tmp_path):
    board = jetson_tx2(tmp_path)
    (tmp_path / "dev/nvmap").unlink()
    target = resolve_target("jetson-tx2", ["l4t-tensorrt"], MATRIX, board.host(), JETSON)
    with pytest.raises(HostError, match=r"jetson-tx2: /dev/nvmap is not there") as raised:
        target.require()
    assert "nvidia-container" in str(raised.value.hint)
    assert "bench doctor --device jetson-tx2" in str(raised.value.hint)


@pytest.mark.parametrize("revision", ["6.1", "9.9"])
def test_an_l4t_without_images_is_refused_with_those_that_have(revision, tmp_path):
    target = resolve_target("jetson-tx2", ["l4t-tensorrt"], MATRIX, jetson_tx2(tmp_path, revision).host(), JETSON)
    with pytest.raises(HostError, match=f"there is no image for L4T R32.{revision}") as raised:
        target.require()
    assert "R32.7.1 (JetPack 4.6.1)" in str(raised.value.hint)
    assert not resolve_target("jetson-tx2", ["tflite"], MATRIX, jetson_tx2(tmp_path, revision).host(), JETSON).lacking


def test_a_board_without_any_l4t_is_refused(tmp_path):
    board = jetson_tx2(tmp_path)
    (tmp_path / "etc/nv_tegra_release").unlink()
    assert any("no L4T is to be found" in said for said in lacking("jetson-tx2", "l4t-tensorrt", board, JETSON))


@pytest.mark.parametrize(
    ("release", "revision", "platform"), [(36, "4.3", "l4t-r36"), (35, "4.1", "l4t-r35"), (36, "4.0", "l4t-r36")]
)
def test_an_orin_takes_the_images_of_its_own_release(release, revision, platform, tmp_path):
    board = orin_nano(tmp_path, revision, release)
    target = resolve_target("jetson-orin-nano", ["l4t-pytorch"], MATRIX, board.host(), JETSON)
    assert target.platforms == {"l4t-pytorch": platform}
    assert target.lacking == ()


def test_an_image_of_a_later_release_than_the_boards_is_refused(tmp_path):
    (said,) = lacking("jetson-orin-nano", "l4t-pytorch", orin_nano(tmp_path, "3.0"), JETSON)
    assert "l4t-pytorch:r36.4.0 is of a later release than the board's R36.3.0" in said


def test_another_board_of_the_same_architecture_is_refused(tmp_path):
    (said,) = lacking("raspberry-pi-5", "tflite", raspberry_pi(tmp_path))
    assert (
        "does not show what identifies Raspberry Pi 5 (compatible raspberrypi,5-model-b); it is raspberry-pi-4" in said
    )


def test_a_group_that_is_not_there_or_has_not_the_node_is_named(tmp_path):
    board = raspberry_pi(tmp_path)
    assert lacking("raspberry-pi-4", "tflite", board) == []
    board.node("/dev/vcio", mode=0o600)
    assert any(
        "may not be read and written by its group video" in each for each in lacking("raspberry-pi-4", "tflite", board)
    )
    board.file("/etc/group", "root:x:0:\nvideo:x:44444:\n").node("/dev/vcio")
    (said,) = lacking("raspberry-pi-4", "tflite", board)
    assert f"/dev/vcio belongs to the group {board.gid}, not to video (44444)" in said
    board.node("/dev/vcio", mode=0o666)
    assert lacking("raspberry-pi-4", "tflite", board) == []
    board.file("/etc/group", "root:x:0:\n")
    assert any("there is no group video" in each for each in lacking("raspberry-pi-4", "tflite", board))


def test_a_stick_that_is_not_plugged_in_is_missed(tmp_path):
    machine = pc(tmp_path).file("/usr/lib/x86_64-linux-gnu/libedgetpu.so.1", "").file("/dev/bus/usb/001/001", "")
    (said,) = lacking("coral-usb", "coral", machine)
    assert "USB 1a6e:089a or 18d1:9302" in said
    assert lacking("coral-usb", "coral", machine.usb("1a6e", "089a")) == []


def test_driver_and_library_are_missed(tmp_path):
    machine = pc(tmp_path).pci("1ac1", "089a", "0880ff")
    said = " ".join(lacking("coral-pcie", "coral", machine))
    for part in ("/dev/apex_0 is not there", "libedgetpu.so.1 is not there", "/sys/class/apex/apex_0 is not there"):
        assert part in said


def test_a_card_needs_hook_or_cdi_and_its_driver(tmp_path):
    machine = pc(tmp_path).pci("10de", "1e82", "030000").node("/dev/nvidiactl").node("/dev/nvidia-uvm")
    said = " ".join(lacking("rtx-2080", "tensorrt", machine, PLAIN))
    assert "neither a CDI description nor NVIDIA's container hook" in said
    assert "/proc/driver/nvidia/version is not there" in said
    machine.file("/proc/driver/nvidia/version", "NVRM").file("/usr/bin/nvidia-container-runtime-hook", "")
    assert lacking("rtx-2080", "tensorrt", machine, PLAIN) == []


def test_another_architecture_is_refused_and_said_where_to_go(tmp_path):
    with pytest.raises(
        ConfigError, match="this machine is amd64, and the device 'jetson-tx2' is l4t-r32 or arm64"
    ) as it:
        require_here("jetson-tx2", MATRIX, "x86_64")
    assert "on the jetson-tx2 itself" in str(it.value.hint)
    require_here("jetson-tx2", MATRIX, "aarch64")
    require_here("host", MATRIX, "x86_64")
    target = resolve_target("jetson-tx2", ["l4t-tensorrt"], MATRIX, pc(tmp_path).host(), PLAIN)
    assert target.elsewhere
    assert target.lacking == (), "nothing is known of a board that is not here"
    assert target.grants["l4t-tensorrt"].runtime == "nvidia"


def test_this_machine_is_whatever_it_is(tmp_path):
    for machine in ("x86_64", "aarch64"):
        target = resolve_target("host", ["tflite"], MATRIX, Machine(tmp_path / machine, machine).host(), PLAIN)
        assert (target.lacking, target.elsewhere) == ((), None)
        assert target.platforms == {"tflite": {"x86_64": "amd64", "aarch64": "arm64"}[machine]}
