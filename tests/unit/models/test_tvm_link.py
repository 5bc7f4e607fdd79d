"""Linking what TVM compiled: which linker is taken, and what is said when there is none or it fails."""

import pytest

from models.tvm import link


@pytest.fixture
def installed(monkeypatch):
    """Decide which programs this machine has."""

    def decide(*names: str) -> None:
        monkeypatch.setattr(link.shutil, "which", lambda name: f"/usr/bin/{name}" if name in names else None)

    return decide


def test_every_machine_with_a_linker_is_linked_for(installed):
    installed("x86_64-linux-gnu-ld", "aarch64-linux-gnu-ld", "ld")
    assert link.find_linkers(["x86_64", "aarch64"], "x86_64") == {
        "x86_64": "/usr/bin/x86_64-linux-gnu-ld",
        "aarch64": "/usr/bin/aarch64-linux-gnu-ld",
    }


def test_this_machines_own_linker_may_have_no_long_name(installed):
    installed("ld")
    assert link.find_linkers(["x86_64", "aarch64"], "x86_64") == {"x86_64": "/usr/bin/ld"}


def test_without_a_linker_for_this_machine_nothing_is_made(installed):
    installed("aarch64-linux-gnu-ld")
    with pytest.raises(link.LinkError, match="install binutils"):
        link.find_linkers(["x86_64", "aarch64"], "x86_64")


def test_what_the_linker_says_is_passed_on(tmp_path):
    linker = tmp_path / "ld"
    linker.write_text('#!/bin/sh\necho "cannot find $9"\nexit 1\n')
    linker.chmod(0o755)
    with pytest.raises(link.LinkError, match=r"ended with 1 and said:\ncannot find"):
        link.link(str(linker), ["a.o"], str(tmp_path / "a.so"))
