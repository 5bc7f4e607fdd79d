"""What a machine says of itself, read from constructed trees; what it does not say is null."""

from bench.core.version import versions
from bench.hosts.provenance import host


def tree(root, files):
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


def test_a_virtual_pc(tmp_path):
    root = tree(
        tmp_path,
        {
            "etc/os-release": 'ID=debian\nPRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\n',
            "proc/cpuinfo": "processor\t: 0\nmodel name\t: Some CPU\nflags\t\t: fpu hypervisor\n",
            "sys/devices/system/cpu/cpu0/cpufreq/scaling_governor": "performance\n",
            "sys/class/dmi/id/sys_vendor": "QEMU\n",
        },
    )
    said = host(None, root)
    assert said["os"] == "Debian GNU/Linux 12 (bookworm)"
    assert said["cpu_model"] == "Some CPU"
    assert said["governor"] == "performance"
    assert said["virtualization"] == "QEMU"
    assert said["engine"] is None


def test_a_board(tmp_path):
    root = tree(tmp_path, {"proc/cpuinfo": "processor\t: 0\nModel\t\t: Raspberry Pi 4 Model B Rev 1.4\n"})
    said = host(None, root)
    assert said["cpu_model"] == "Raspberry Pi 4 Model B Rev 1.4"
    assert said["governor"] is said["virtualization"] is said["os"] is None


def test_our_versions_name_the_protocol_and_a_commit():
    said = versions()
    assert said["protocol"] == 1
    assert said["git"] is None or len(said["git"].removesuffix("-dirty")) == 40
