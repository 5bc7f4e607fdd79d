"""L4T: which release a board has, and which images fit it."""

import os

import pytest

from bench.core.matrix.schema import load_matrix
from bench.core.matrix.vendor_images import base
from bench.hosts import l4t
from tests.support.machines import Machine

KNOWN = load_matrix().l4t


@pytest.mark.parametrize(
    ("line", "release"),
    [
        ("# R32 (release), REVISION: 7.1, GCID: 29818004, BOARD: t186ref, EABI: aarch64, DATE: Sat Feb 19", "R32.7.1"),
        ("# R35 (release), REVISION: 4.1, GCID: 33958178, BOARD: t186ref, EABI: aarch64", "R35.4.1"),
        ("# R36 (release), REVISION: 4.0, GCID: 37537400, BOARD: generic, EABI: aarch64", "R36.4.0"),
        ("# R28 (release), REVISION: 2.1, GCID: 11272647, BOARD: t186ref", "R28.2.1"),
        ("nonsense", None),
    ],
)
def test_the_release_is_what_nvidia_wrote_at_flashing(line, release, tmp_path):
    assert l4t.release(Machine(tmp_path, "aarch64").file("/etc/nv_tegra_release", f"{line}\n").host()) == release


@pytest.mark.parametrize(
    ("said", "release"), [("36.4.3-20250107174145", "R36.4.3"), ("32.7-2020", "R32.7.0"), ("", None)]
)
def test_where_the_file_is_gone_the_package_says_it(said, release, tmp_path, monkeypatch):
    program = tmp_path / "bin" / "dpkg-query"
    program.parent.mkdir()
    program.write_text(f"#!/bin/sh\necho '{said}'\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:{os.environ['PATH']}")
    assert l4t.release(Machine(tmp_path, "aarch64").host()) == release


@pytest.mark.parametrize("release", ["R32.7.1", "R32.7.2", "R32.7.3", "R32.7.4", "R32.7.5", "R32.7.6"])
def test_every_jetpack_46_takes_the_images_of_r32_7_1(release):
    assert l4t.platform(KNOWN, release) == "l4t-r32"
    for framework in ("l4t-pytorch", "l4t-tensorflow", "l4t-tensorrt", "l4t-onnxruntime"):
        assert "r32.7.1" in str(base(framework, "l4t-r32"))
        assert l4t.find_mismatch(release, base(framework, "l4t-r32")) is None


@pytest.mark.parametrize("release", ["R32.6.1", "R34.1.1", "R36.9.9", "R38.2.0", "R28.2.1"])
def test_an_unknown_release_has_no_platform(release):
    assert l4t.platform(KNOWN, release) is None
    assert "R32.7.6 (JetPack 4.6.6)" in l4t.describe_releases(KNOWN)


@pytest.mark.parametrize(
    ("board", "image", "level"),
    [
        ("R36.3.0", "docker.io/dustynv/l4t-pytorch:r36.4.0", "fail"),  # undefined symbols: jetson-containers issue 714
        ("R36.4.7", "docker.io/dustynv/l4t-pytorch:r36.4.0", None),
        ("R36.4.3", "docker.io/dustynv/l4t-tensorflow:tf2-r36.2.0", None),
        ("R35.2.1", "docker.io/dustynv/l4t-ml:r35.4.1", "warn"),
        ("R35.6.2", "docker.io/dustynv/l4t-ml:r35.4.1", None),
        ("R36.4.0", "docker.io/dustynv/l4t-ml:r35.4.1", "fail"),
        ("R36.4.0", None, None),
    ],
)
def test_an_image_of_a_later_release_than_the_boards_does_not_fit(board, image, level):
    misfit = l4t.find_mismatch(board, image)
    assert (misfit and misfit[0]) == level
    assert misfit is None or board in misfit[1]
