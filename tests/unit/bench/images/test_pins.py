"""Versions that are stated at several places, because no lock file can hold them all, say the same everywhere."""

import re

import pytest

from bench.core.paths import PROJECT
from bench.images.local import pins


def test_pnnx_is_of_the_same_day_as_the_ncnn_that_reads_what_it_writes() -> None:
    step = pins("models-ncnn", "amd64")
    assert step["ncnn"] == pins("ncnn", "amd64")["ncnn"]
    assert step["ncnn"].endswith(step["pnnx"])
    assert "torch" not in step


@pytest.mark.parametrize("framework", ["darknet", "caffe"])
def test_a_step_tries_models_with_the_packages_of_its_framework_s_image(framework: str) -> None:
    assert pins(framework, "amd64").items() <= pins(f"models-{framework}", "amd64").items()


def test_caffe_says_which_fork_it_is_and_names_its_archive_by_hash() -> None:
    folder = PROJECT / "images" / "caffe"
    fork, version, digest = re.fullmatch(
        r"(\S+)==(\S+) --hash=sha256:([0-9a-f]{64})\n", (folder / "source.txt").read_text()
    ).groups()
    assert (folder / "version").read_text() == f"1.0.0+{fork.removesuffix('-caffe')}.{version}\n"
    assert f"{fork} {version}" in (folder / "Dockerfile").read_text()
    assert len(digest) == 64


def test_every_patch_of_caffe_says_why() -> None:
    patches = sorted((PROJECT / "images" / "caffe" / "patches").glob("*.patch"))
    assert patches
    for patch in patches:
        why, changes = patch.read_text().split("--- a/", 1)
        assert len(why.split()) > 10, patch
        assert "\n+++ b/" in changes, patch
