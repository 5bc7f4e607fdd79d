"""Machines as file trees: what their kernels and vendors put where, and programs that answer as theirs do."""

import os
from pathlib import Path

from bench.devices.host import Local

GROUPS = "root:x:0:\nvideo:x:44:\nplugdev:x:46:\nusers:x:100:\nrender:x:105:\napex:x:1001:\n"


class Machine:
    """A tree that is filled step by step. Nodes are plain files with the group of a test's own, `gid`."""

    def __init__(self, root: Path, machine: str) -> None:
        self.root, self.machine = root, machine
        self.file("/etc/group", GROUPS)
        self.file("/proc/device-tree/nothing", "")
        self.gid = os.getgid()

    def host(self) -> Local:
        """The way to it."""
        return Local(self.root, self.machine)

    def file(self, path: str, text: str | bytes) -> "Machine":
        """Write a file with the folders above it."""
        at = self.root / path.lstrip("/")
        at.parent.mkdir(parents=True, exist_ok=True)
        at.write_bytes(text.encode() if isinstance(text, str) else text)
        return self

    def node(self, path: str, mode: int = 0o660, group: str | None = None) -> "Machine":
        """Something that stands for a device node; it belongs to `group`, which gets the number of the test's own."""
        self.file(path, "")
        (self.root / path.lstrip("/")).chmod(mode)
        if group:
            others = [
                line for line in (self.root / "etc/group").read_text().splitlines() if not line.startswith(f"{group}:")
            ]
            self.file("/etc/group", "\n".join([*others, f"{group}:x:{self.gid}:"]) + "\n")
        return self

    def tree(self, model: str, *compatible: str) -> "Machine":
        """The device tree of a board, which ends its texts with NUL."""
        self.file("/sys/firmware/devicetree/base/model", f"{model}\0")
        return self.file("/sys/firmware/devicetree/base/compatible", "".join(f"{each}\0" for each in compatible))

    def usb(self, vendor: str, product: str, name: str = "1-1", speed: int = 5000) -> "Machine":
        """A device on the USB."""
        folder = f"/sys/bus/usb/devices/{name}"
        self.file(f"{folder}/idVendor", f"{vendor}\n").file(f"{folder}/idProduct", f"{product}\n")
        self.file(f"{folder}/busnum", "1\n").file(f"{folder}/devnum", "2\n")
        return self.file(f"{folder}/speed", f"{speed}\n")

    def pci(self, vendor: str, device: str, kind: str, name: str = "0000:01:00.0") -> "Machine":
        """A device on the PCI bus, as the kernel shows it: with 0x."""
        folder = f"/sys/bus/pci/devices/{name}"
        self.file(f"{folder}/vendor", f"0x{vendor}\n").file(f"{folder}/device", f"0x{device}\n")
        return self.file(f"{folder}/class", f"0x{kind}\n")

    def cpu(self, name: str) -> "Machine":
        """The processor's name."""
        return self.file("/proc/cpuinfo", f"processor\t: 0\nmodel name\t: {name}\n")


def pc(root: Path) -> Machine:
    """A PC without anything particular."""
    return Machine(root, "x86_64").cpu("AMD Ryzen 7 5800X 8-Core Processor")


def jetson_tx2(root: Path, revision: str = "7.4") -> Machine:
    """A TX2 developer kit with JetPack 4.6."""
    board = Machine(root, "aarch64").tree("quill", "nvidia,p2771-0000", "nvidia,quill", "nvidia,tegra186")
    line = f"# R32 (release), REVISION: {revision}, GCID: 33514132, BOARD: t186ref, EABI: aarch64, DATE: Fri Jun  9\n"
    board.file("/etc/nv_tegra_release", line)
    return board.node("/dev/nvmap", group="video").node("/dev/nvhost-ctrl-gpu", group="video")


def orin_nano(root: Path, revision: str = "4.3", release: int = 36) -> Machine:
    """An Orin Nano developer kit."""
    board = Machine(root, "aarch64").tree(
        "NVIDIA Jetson Orin Nano Developer Kit", "nvidia,p3768-0000+p3767-0005-super", "nvidia,tegra234"
    )
    board.file("/etc/nv_tegra_release", f"# R{release} (release), REVISION: {revision}, GCID: 1, BOARD: generic\n")
    return board.node("/dev/nvmap", group="video").node("/dev/nvhost-ctrl-gpu", group="video")


def raspberry_pi(root: Path, compatible: str = "raspberrypi,4-model-b", chip: str = "brcm,bcm2711") -> Machine:
    """A Raspberry Pi with its makers' 64-bit system."""
    board = Machine(root, "aarch64").tree("Raspberry Pi 4 Model B Rev 1.4", compatible, chip)
    return board.node("/dev/vcio", group="video")
