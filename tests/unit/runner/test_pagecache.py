"""Files in memory and not, on a real file system."""

import os

import pytest

from runner import pagecache


@pytest.fixture
def folder(tmp_path):
    for name in ("a", "b/c"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        with (tmp_path / name).open("wb") as stream:
            stream.write(os.urandom(4 << 20))
            stream.flush()
            os.fdatasync(stream.fileno())  # what is still to be written cannot be dropped
    return tmp_path


def test_a_file_that_was_dropped_is_missing_until_it_is_read(folder):
    file = str(folder / "a")
    pagecache.drop([file])
    if not pagecache.missing(file):
        pytest.skip("this file system keeps its files in memory, or cannot tell")
    (folder / "a").read_bytes()
    assert pagecache.missing(file) == []


def test_of_a_folder_only_what_is_missing_is_named(folder):
    pagecache.drop([str(folder / "b/c")])
    (folder / "a").read_bytes()
    assert pagecache.missing(str(folder)) in ([str(folder / "b/c")], [])


def test_an_empty_file_is_no_problem(tmp_path):
    (tmp_path / "empty").write_bytes(b"")
    assert pagecache.missing(str(tmp_path / "empty")) == []
    pagecache.drop([str(tmp_path / "empty")])


def test_a_python_that_cannot_tell_takes_all_for_cached(folder, monkeypatch):
    monkeypatch.delattr(os, "RWF_NOWAIT", raising=False)
    pagecache.drop([str(folder / "a")])
    assert pagecache.missing(str(folder)) == []
