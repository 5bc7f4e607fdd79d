"""What another platform or another Debian brings with it: bases, emulation, lock files of its own."""

import re
from pathlib import Path

import pytest

from bench.core.errors import HostError
from bench.core.matrix.schema import load_matrix
from bench.core.paths import PROJECT
from bench.images import base_images, local

NATIVE = local.native_platform()
OTHER = {"amd64": "arm64"}.get(NATIVE, "amd64")
BOOKWORM, BULLSEYE = (f"docker.io/library/debian:{name}-slim" for name in ("bookworm", "bullseye"))


@pytest.fixture
def called(tmp_path: Path, monkeypatch) -> Path:
    """The file in which stand-ins for setup's programs write how they were called."""
    log = tmp_path / "called"
    (tmp_path / "setup").mkdir()
    for name in ("base", "emulation"):
        program = tmp_path / "setup" / name
        program.write_text(f'#!/bin/sh\necho "{name} $*" >>{log}\necho "{name}: done" >&2\nexit "${{CODE:-0}}"\n')
        program.chmod(0o755)
    monkeypatch.setattr(base_images, "PROJECT", tmp_path)
    log.touch()
    return log


def test_the_usual_base_for_this_machine_needs_nothing(called):
    base_images.prepare_bases([BOOKWORM, "nvcr.io/nvidia/l4t-base:r32.7.1"], NATIVE, print)
    assert called.read_text() == ""


def test_another_debian_is_made_ready(called):
    heard = []
    base_images.prepare_bases([BOOKWORM, BULLSEYE], NATIVE, heard.append)
    assert called.read_text() == f"base debian:bullseye-slim --platform {local.architecture(NATIVE)}\n"
    assert heard == ["base: done\n"]


def test_another_architecture_needs_emulation_and_its_bases(called):
    base_images.prepare_bases([BOOKWORM], OTHER, print)
    assert called.read_text() == f"emulation up\nbase debian:bookworm-slim --platform {OTHER}\n"


def test_what_cannot_be_had_is_said(called, monkeypatch):
    monkeypatch.setenv("CODE", "3")
    with pytest.raises(HostError, match=f"nothing here runs linux/{OTHER}: emulation: done"):
        base_images.prepare_bases([BOOKWORM], OTHER, print)
    with pytest.raises(HostError, match=r"there is no debian:bullseye-slim for linux/\w+: base: done"):
        base_images.prepare_bases([BULLSEYE], NATIVE, print)


def test_matrix_and_bake_file_agree_on_pythons():
    text = (PROJECT / "images" / "docker-bake.hcl").read_text()
    listed = re.search(r'variable "PYTHON39" \{.*?default = "(.*?)"', text, re.DOTALL)
    assert listed is not None
    wanted = [name for name, entry in load_matrix().frameworks.items() if entry.python == "3.9"]
    assert sorted(listed[1].split()) == sorted(wanted)
    for name in wanted:
        assert "/python3.9/" in (PROJECT / "images" / name / "Dockerfile").read_text()


@pytest.mark.parametrize(
    "lock", sorted((PROJECT / "images").glob("*/requirements.arm64.txt")), ids=lambda p: p.parent.name
)
def test_a_platforms_own_lock_file_is_used_and_whole(lock):
    framework = lock.parent.name
    assert local.lock_file(framework, "arm64") == lock
    pins = local.pins(framework, "arm64")
    asked = re.findall(r"^([\w.-]+)", lock.with_suffix(".in").read_text(), re.MULTILINE)
    assert set(asked) <= set(pins)
    assert local.version(framework, "arm64") == pins[asked[0]]
    assert not [name for name in pins if name.startswith(("nvidia-", "cuda-"))]
    assert lock.read_text().count("--hash=sha256:") >= len(pins)
    assert "requirements*.txt" in (lock.parent / "Dockerfile").read_text()
