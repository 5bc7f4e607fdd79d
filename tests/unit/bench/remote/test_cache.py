"""What launches need is copied to a board once, whole or not at all."""

import json
from pathlib import Path, PurePosixPath
from types import SimpleNamespace

import pytest

from bench.artifacts.request import Prepared
from bench.core.errors import HostError
from bench.core.matrix.plan import Cell
from bench.remote.cache import RemoteCache
from bench.remote.failures import BoardError
from bench.remote.upload import upload_cell
from runner.protocol import hash_artifact
from tests.support.connection import folder


def test_a_folder_arrives_whole_and_travels_once(board, tmp_path):
    made = folder(tmp_path / "model", {"a.bin": "1", "sub/b.bin": "2", "__pycache__/c.pyc": "3"})
    where = RemoteCache(board).put(made)
    assert {str(p.relative_to(where)) for p in Path(where).rglob("*") if p.is_file()} == {"a.bin", "sub/b.bin"}
    before = Path(where).stat().st_ino
    assert RemoteCache(board).put(made) == where
    assert Path(where).stat().st_ino == before
    assert RemoteCache(board).put(folder(tmp_path / "model", {"a.bin": "other"})) != where


def test_a_file_is_named_by_its_content(board, tmp_path):
    made = folder(tmp_path, {"model.onnx": "x" * 100_000}) / "model.onnx"
    where = RemoteCache(board).put(made)
    assert where == PurePosixPath(board.cache, "store", hash_artifact(str(made)), "model.onnx")
    assert Path(where).read_bytes() == made.read_bytes()


def test_what_arrives_damaged_gets_no_name(board, tmp_path, monkeypatch):
    real = board.connection.send

    def damage(words, give):
        done = real(words, give)
        (Path(words[-1]) / "model.onnx").write_text("other")
        return done

    monkeypatch.setattr(board.connection, "send", damage)
    made = folder(tmp_path, {"model.onnx": "right"}) / "model.onnx"
    with pytest.raises(HostError, match="arrived damaged"):
        RemoteCache(board).put(made)
    assert not list(Path(board.cache).glob("store/*"))


def test_a_full_disk_is_said_and_leaves_nothing_half_done(board, tmp_path, monkeypatch):
    said = "tar: model.onnx: Cannot write: No space left on device\ntar: Exiting with failure status\n"
    monkeypatch.setattr(board.connection, "send", lambda words, give: (2, said))
    made = folder(tmp_path, {"model.onnx": "right"}) / "model.onnx"
    with pytest.raises(BoardError, match="disk-full: ssh://pi@board has no room left in") as raised:
        RemoteCache(board).put(made)
    assert "EDGEBENCH_CACHE" in str(raised.value.hint)
    assert not list(Path(board.cache).glob("store/*"))


def test_what_a_killed_bench_left_is_removed(board):
    left = Path(board.cache) / "rootfs" / "partial-abc-1"
    left.mkdir(parents=True)
    assert RemoteCache(board).tidy() == [str(left)]
    assert not left.exists()


def test_a_cell_gets_the_paths_of_the_board(board, tmp_path, monkeypatch):
    monkeypatch.setenv("EDGEBENCH_CACHE", str(tmp_path / "desk"))
    desk = folder(tmp_path / "desk", {"models/a/model.onnx": "model", "models/b/reference.npz": "outputs"})
    model, reference = desk / "models/a/model.onnx", desk / "models/b/reference.npz"
    asked = {"artifact": {"path": str(model), "sha256": "1"}, "reference": {"path": str(reference)}, "threads": 2}
    request = folder(desk, {"requests/r.json": json.dumps(asked)}) / "requests/r.json"
    artifact = SimpleNamespace(
        path=model,
        sha256=hash_artifact(str(model)),
        reference=reference,
        reference_sha256=hash_artifact(str(reference)),
    )
    cell = Prepared(Cell("host", "onnxruntime", "cifarnet", "fp32"), request, (), artifact)
    brought = upload_cell(cell, RemoteCache(board))
    there = json.loads(brought.request.read_text())
    assert there["threads"] == 2
    assert Path(there["artifact"]["path"]).read_text() == "model"
    assert Path(there["reference"]["path"]).read_text() == "outputs"
    for path in (brought.request, there["artifact"]["path"], there["reference"]["path"]):
        assert str(path).startswith(f"{board.cache}/store/")
        assert any(Path(path).is_relative_to(mount) for mount in brought.mounts)
