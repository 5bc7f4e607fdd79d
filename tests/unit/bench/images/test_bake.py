"""Calling the builder: what it says is passed on, and what another process spoilt is done again."""

from pathlib import Path

import pytest

from bench.core.errors import HostError
from bench.images import bake

BUILDER = """#!/bin/sh
case "$*" in *--help* | *--print*) exit ;; esac
echo once >>{calls}
echo "#1 building" >&2
[ "$(wc -l <{calls})" -gt {failing} ] && exit
echo "ERROR: {error}" >&2
exit 1
"""
SAME_NAME = 'image "docker.io/edgebench/models-add:amd64": already exists'
LOST_PARENT = "failed to prepare extraction snapshot: parent snapshot sha256:42aa does not exist: not found"


@pytest.mark.parametrize(
    ("error", "failing", "calls", "works"),
    [
        (SAME_NAME, 1, 2, True),
        (LOST_PARENT, 1, 2, True),
        (LOST_PARENT, 9, 2, False),
        ("no space left on device", 1, 1, False),
    ],
)
def test_layers_that_another_process_swept_away_are_unpacked_again(monkeypatch, tmp_path, error, failing, calls, works):
    builder, called = tmp_path / "env", tmp_path / "calls"
    builder.write_text(BUILDER.format(calls=called, failing=failing, error=error))
    builder.chmod(0o755)
    monkeypatch.setattr(bake, "ENV", Path(builder))
    monkeypatch.setattr(bake, "prepare_bases", lambda *_: None)
    said: list[str] = []
    if works:
        bake._bake(["onnxruntime"], "amd64", [], said.append)
    else:
        with pytest.raises(HostError, match="ended with 1"):
            bake._bake(["onnxruntime"], "amd64", [], said.append)
    assert called.read_text().count("once") == said.count("#1 building\n") == calls
