"""What a machine is: by compatible strings, PCI and USB ids, and never by guessing."""

import pytest

from bench.core.matrix.schema import load_matrix
from bench.hosts import identify
from bench.hosts.host import Local
from tests.support.machines import Machine, jetson_tx2, orin_nano, pc, raspberry_pi

MATRIX = load_matrix()


def found(machine: Machine) -> list[str]:
    facts = identify.read_facts(machine.host(), MATRIX.devices)
    return [name for name, device in MATRIX.devices.items() if identify.matches(device, facts)]


def unknown(machine: Machine) -> list[str]:
    facts = identify.read_facts(machine.host(), MATRIX.devices)
    matched = {name: [] for name in found(machine)}
    return identify.find_unknown(facts, matched, MATRIX.devices)


@pytest.mark.parametrize(
    ("compatible", "name"),
    [
        (("raspberrypi,3-model-b", "brcm,bcm2837"), "raspberry-pi-3b"),
        (("raspberrypi,4-model-b", "brcm,bcm2711"), "raspberry-pi-4"),
        (("raspberrypi,5-model-b", "brcm,bcm2712"), "raspberry-pi-5"),
        (("nvidia,p2771-0000", "nvidia,tegra186"), "jetson-tx2"),
        (("nvidia,quill", "nvidia,tegra186"), "jetson-tx2"),
        (("nvidia,p3450-0000", "nvidia,jetson-nano", "nvidia,tegra210"), "jetson-nano"),
        (("nvidia,p3768-0000+p3767-0005", "nvidia,p3767-0005", "nvidia,tegra234"), "jetson-orin-nano"),
        (("nvidia,p3737-0000+p3701-0005", "nvidia,p3701-0005", "nvidia,tegra234"), "jetson-agx-orin"),
        (("google,imx8mq-phanbell", "fsl,imx8mq"), "coral-dev-board"),
    ],
)
def test_a_board_is_known_by_its_compatible_strings_whatever_its_model_says(compatible, name, tmp_path):
    board = Machine(tmp_path, "aarch64").tree("A model is what marketing says", *compatible)
    assert found(board) == [name]
    assert unknown(board) == []


@pytest.mark.parametrize(
    ("vendor", "product", "name"),
    [
        ("1a6e", "089a", "coral-usb"),
        ("18d1", "9302", "coral-usb"),
        ("03e7", "2150", "movidius-ncs"),
        ("03e7", "2485", "movidius-ncs2"),
    ],
)
def test_a_stick_is_known_by_its_usb_id_before_and_after_its_firmware(vendor, product, name, tmp_path):
    assert found(pc(tmp_path).usb(vendor, product)) == [name]


@pytest.mark.parametrize(
    ("vendor", "device", "kind", "name"),
    [
        ("10de", "17c2", "030000", "gtx-titan-x"),
        ("10de", "1b02", "030000", "titan-xp"),
        ("10de", "1e87", "030000", "rtx-2080"),
        ("1ac1", "089a", "0880ff", "coral-pcie"),
        ("8086", "46a6", "030000", "intel-gpu"),
        ("8086", "56a0", "030000", "intel-gpu"),
        ("8086", "643e", "120000", "intel-npu"),
    ],
)
def test_a_card_is_known_by_its_pci_id_or_class(vendor, device, kind, name, tmp_path):
    assert found(pc(tmp_path).pci(vendor, device, kind)) == [name]


def test_another_card_and_another_class_are_none_of_ours(tmp_path):
    assert found(pc(tmp_path).pci("10de", "1e81", "030000").pci("8086", "0d57", "060000", "0000:00:00.0")) == []


def test_a_stick_on_a_pi_is_both_and_also_the_two_together(tmp_path):
    assert found(raspberry_pi(tmp_path / "coral").usb("18d1", "9302")) == ["raspberry-pi-4", "coral-usb"]
    assert found(raspberry_pi(tmp_path / "ncs").usb("03e7", "2485")) == ["raspberry-pi-4", "movidius-ncs2-pi"]


def test_a_stick_that_is_in_use_does_not_say_which_it_is(tmp_path):
    machine = pc(tmp_path).usb("03e7", "f63b")
    assert found(machine) == []
    assert "plug it in again" in unknown(machine)[0]


def test_a_chip_is_no_board(tmp_path):
    board = Machine(tmp_path, "aarch64").tree("NVIDIA Jetson TX1", "nvidia,p2371-2180", "nvidia,tegra210")
    assert found(board) == []
    assert "(nvidia,tegra210) does not say which board it is" in unknown(board)[0]


def test_pynq_is_known_by_what_its_makers_add_to_the_tree(tmp_path):
    board = Machine(tmp_path, "armv7l").tree("Digilent Zybo", "xlnx,zynq-7000")
    assert found(board) == []
    board.file("/sys/firmware/devicetree/base/chosen/pynq_board", "Pynq-Z1\0")
    assert found(board) == ["pynq-z1"]


def test_the_same_id_on_another_architecture_is_not_the_device(tmp_path):
    assert found(Machine(tmp_path, "aarch64").pci("10de", "1b02", "030000")) == []


def test_processor_names_are_globs(tmp_path):
    assert found(pc(tmp_path).cpu("Intel(R) Xeon(R) CPU E5-2696 v4 @ 2.20GHz")) == ["xeon"]


def test_a_machine_that_says_nothing_is_nothing(tmp_path):
    assert found(Machine(tmp_path, "riscv64")) == []
    facts = identify.read_facts(Local(tmp_path / "none", "x86_64"), MATRIX.devices)
    assert (facts.compatible, facts.pci, facts.usb, facts.cpu, facts.l4t) == ((), (), (), None, None)


def test_jetsons_say_their_release(tmp_path):
    assert identify.read_facts(jetson_tx2(tmp_path / "a").host(), MATRIX.devices).l4t == "R32.7.4"
    assert identify.read_facts(orin_nano(tmp_path / "b").host(), MATRIX.devices).l4t == "R36.4.3"
