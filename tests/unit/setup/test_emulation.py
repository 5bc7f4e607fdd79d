"""The decisions of setup/emulation, and what it undoes. Nothing is registered: the kernel's folder is a test's own."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.unit.setup.test_setup import Machine, one_line

ENTRY = "enabled\ninterpreter /usr/bin/qemu\nflags: PF\nmagic 7f454c460201010000000000000000000200b700\n"
BOOT = Path("/proc/sys/kernel/random/boot_id")


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


@pytest.fixture
def kernel(machine: Machine, tmp_path: Path) -> Path:
    """The folder in which a kernel lists the programs that it starts by others."""
    for tool in ("find", "flock", "touch"):
        (machine.bin / tool).symlink_to(shutil.which(tool) or "/bin/false")
    folder = tmp_path / "binfmt_misc"
    folder.mkdir()
    machine.env["EDGEBENCH_BINFMT"] = str(folder)
    machine.fake("uname", 'case "$1" in -m) echo x86_64 ;; *) echo Linux ;; esac')
    machine.fake("mount", "exit 9")
    machine.fake("umount", "exit 9")
    return folder


def mounted(folder: Path, **entries: str) -> None:
    (folder / "register").touch()
    (folder / "status").write_text("enabled\n")
    for name, text in entries.items():
        (folder / name).write_text(text)


def test_a_kernel_that_runs_arm64_is_left_as_it_is(machine, kernel):
    mounted(kernel, qemu=ENTRY, python="enabled\ninterpreter /usr/bin/python\nmagic 550d0d0a\n")
    done = machine.run("emulation", "up", EDGEBENCH_UID="0")
    assert (done.returncode, "nothing is changed" in one_line(done.stderr)) == (0, True)
    assert machine.run("emulation", "status").stdout == f"arm64: the kernel ({kernel}/qemu, /usr/bin/qemu)\n"
    assert (kernel / "register").read_text() == ""
    assert not machine.cache.exists()


@pytest.mark.parametrize("entry", [ENTRY.replace("enabled", "disabled"), ENTRY.replace("b700", "3e00")])
def test_what_is_off_or_of_another_machine_does_not_count(machine, kernel, entry):
    mounted(kernel, qemu=entry)
    status = machine.run("emulation", "status")
    assert (status.returncode, "nothing runs it" in status.stdout) == (3, True)


def test_an_arm64_machine_needs_nothing(machine, kernel):
    machine.fake("uname", 'case "$1" in -m) echo aarch64 ;; *) echo Linux ;; esac')
    done = machine.run("emulation", "up")
    assert (done.returncode, "this machine itself" in one_line(done.stderr)) == (0, True)


@pytest.mark.parametrize(("uid", "release"), [("1000", "ID=debian\n"), ("0", "ID=fedora\n")])
def test_who_cannot_be_helped_is_told_what_helps(machine, kernel, uid, release):
    machine.system(release)
    done = machine.run("emulation", "up", EDGEBENCH_UID=uid)
    assert (done.returncode, "tonistiigi/binfmt --install arm64" in one_line(done.stderr)) == (3, True)
    assert not machine.cache.exists()


def test_a_remote_engine_is_asked_for_what_its_own_machine_runs(machine, kernel):
    machine.fake(
        "docker",
        'case "$*" in *KernelVersion*) echo 1.2.3-elsewhere ;; "buildx inspect") echo "Platforms: linux/arm64" ;; esac',
    )
    done = machine.run("emulation", "up", DOCKER_HOST="tcp://board:2375")
    assert (done.returncode, "the machine of the engine" in one_line(done.stderr)) == (0, True)


def test_down_undoes_what_up_did_and_no_more(machine, kernel):
    assert "nothing to undo" in machine.run("emulation", "down").stderr
    mounted(kernel, **{"edgebench-arm64": ENTRY, "qemu-arm": ENTRY})
    made = machine.cache / "emulation" / f"made-{BOOT.read_text().strip()}"
    made.parent.mkdir(parents=True)
    made.write_text("mounted\nregistered\n")
    done = machine.run("emulation", "down", EDGEBENCH_UID="0")
    assert done.returncode == 0
    assert (kernel / "edgebench-arm64").read_text() == "-1\n"
    assert (kernel / "qemu-arm").read_text() == ENTRY
    assert "stays mounted" in done.stderr
    assert not made.exists()


@pytest.mark.parametrize("words", [["sideways"], ["up", "now"]])
def test_usage_of_emulation(machine, kernel, words):
    done = machine.run("emulation", *words)
    assert (done.returncode, "usage:" in one_line(done.stderr)) == (2, True)


@pytest.mark.parametrize("words", [["debian"], ["ubuntu:22.04"], ["--platform"], ["--platform", "mips"], ["x", "y"]])
def test_usage_of_base(machine, kernel, words):
    done = machine.run("base", *words)
    assert (done.returncode, "usage:" in one_line(done.stderr)) == (2, True)


def test_another_platform_is_left_to_a_users_own_engine(machine, kernel):
    machine.fake("docker", '[ "$1" = info ] || [ "$*" = "buildx version" ]')
    done = machine.run("base", "debian:bullseye-slim", "--platform", "arm64")
    assert (done.returncode, "left to your engine's builder" in one_line(done.stderr)) == (0, True)
