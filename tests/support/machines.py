"""Machines as file trees: what their kernels and vendors put where, and programs that answer as theirs do."""

import os
from pathlib import Path

from bench.hosts.host import Local

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


class Programs:
    """Stand-ins for vendors' programs, first on the PATH; what they keep is in files beside them."""

    def __init__(self, folder: Path, monkeypatch) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")

    def add(self, name: str, script: str) -> None:
        """Write a program of sh; `$here` is its folder. Each call is written to the file `calls`."""
        path = self.folder / name
        path.write_text(f'#!/bin/sh\nhere={self.folder}\necho "{name} $*" >>$here/calls\n{script}\n')
        path.chmod(0o755)

    def calls(self) -> list[str]:
        """What was called, in its order."""
        path = self.folder / "calls"
        return path.read_text().splitlines() if path.exists() else []

    def nvpmodel(self, mode: int = 1, names: tuple[str, ...] = ("MAXN", "MAXQ")) -> None:
        """As the board's: -q says the mode, -m sets it."""
        (self.folder / "mode").write_text(f"{mode}\n")
        said = "\n".join(
            f"  {number}) echo 'NV Power Mode: {name}'; echo {number} ;;" for number, name in enumerate(names)
        )
        self.add(
            "nvpmodel",
            f'if [ "$1" = -m ]; then echo "$2" >$here/mode; exit 0; fi\ncase $(cat $here/mode) in\n{said}\nesac',
        )

    def jetson_clocks(self, *, locked: bool = False) -> None:
        """As the board's: --show, --store FILE, --restore FILE, and locking; it refuses to write over a file."""
        (self.folder / "low").write_text("2035200\n" if locked else "345600\n")
        self.add(
            "jetson_clocks",
            """case $1 in
  --show) echo "SOC family:tegra186  Machine:quill"
    echo "cpu0: Online=1 Governor=schedutil MinFreq=$(cat $here/low) MaxFreq=2035200 CurrentFreq=2035200"
    echo "cpu1: Online=0 Governor=schedutil MinFreq=345600 MaxFreq=2035200 CurrentFreq=345600" ;;
  --store) [ ! -e "$2" ] || exit 1; cat $here/low >"$2" ;;
  --restore) cat "$2" >$here/low ;;
  *) echo 2035200 >$here/low ;;
esac""",
        )

    def vcgencmd(self, throttled: str = "0x0") -> None:
        """As a Raspberry Pi's."""
        self.add(
            "vcgencmd",
            f"""case $1 in
  get_throttled) echo throttled={throttled} ;;
  measure_temp) echo "temp=48.3'C" ;;
  pmic_read_adc) echo "     3V7_WL_SW_A current(0)=0.05A"; echo "   3V7_WL_SW_V volt(8)=3.7V"
    echo "     EXT5V_V volt(24)=5.1V" ;;
esac""",
        )

    def clock(self, *, seconds: int = 1_790_000_000, synced: str = "yes", free: int = 50_000_000) -> None:
        """date, timedatectl and df of a machine in order; `free` is in KiB."""
        self.add("date", f"echo {seconds}")
        self.add("timedatectl", f"echo {synced}")
        self.add("df", f"echo header; echo '/dev/mmcblk0p1 100000000 1 {free} 1% /'")


def whole_tx2(root: Path, monkeypatch) -> tuple[Machine, Programs]:
    """A TX2 on which nothing is to be mended."""
    board, programs = jetson_tx2(root / "tree"), Programs(root / "bin", monkeypatch)
    lists = "/etc/nvidia-container-runtime/host-files-for-container.d"
    for name, library in (
        ("l4t", "/usr/lib/aarch64-linux-gnu/tegra/libcuda.so.1.1"),
        ("cuda", "/usr/local/cuda-10.2/lib64/libcudart.so.10.2"),
        ("cudnn", "/usr/lib/aarch64-linux-gnu/libcudnn.so.8.2.1"),
        ("tensorrt", "/usr/lib/aarch64-linux-gnu/libnvinfer.so.8.2.1"),
    ):
        board.file(f"{lists}/{name}.csv", f"dev, /dev/nvmap\nlib, {library}\nsym, /a/symbolic/link\n").file(library, "")
    ina = "/sys/bus/i2c/drivers/ina3221x/0-0041/iio:device1"
    for number, rail in enumerate(("VDD_IN", "VDD_SYS_CPU", "VDD_SYS_DDR")):
        board.file(f"{ina}/rail_name_{number}", f"{rail}\n").file(f"{ina}/in_power{number}_input", "3204\n")
    board.file("/sys/class/thermal/thermal_zone0/type", "BCPU-therm\n").file(
        "/sys/class/thermal/thermal_zone0/temp", "38500\n"
    )
    board.file("/sys/class/thermal/thermal_zone1/type", "PMIC-Die\n").file(
        "/sys/class/thermal/thermal_zone1/temp", "100000\n"
    )
    policy = "/sys/devices/system/cpu/cpufreq/policy0"
    board.file(f"{policy}/scaling_governor", "performance\n")
    board.file(f"{policy}/scaling_available_governors", "interactive ondemand schedutil performance\n")
    board.file(
        "/etc/nvpmodel.conf", "< POWER_MODEL ID=0 NAME=MAXN >\nCPU_ONLINE CORE_0 1\n< POWER_MODEL ID=1 NAME=MAXQ >\n"
    )
    board.file("/proc/meminfo", "MemTotal:        8048000 kB\nMemFree: 1 kB\nMemAvailable:    6500000 kB\n")
    board.file("/proc/sys/kernel/random/boot_id", "a-boot\n")
    board.file("/sys/class/rtc/rtc0/name", "max77620-rtc\n")
    board.file("/sys/devices/system/clocksource/clocksource0/current_clocksource", "arch_sys_counter\n")
    programs.nvpmodel(mode=0)
    programs.jetson_clocks(locked=True)
    programs.clock()
    return board, programs
