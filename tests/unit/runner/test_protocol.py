"""Names of artifacts and of the runner itself."""

import shutil

from runner import protocol


def test_a_folder_s_name_changes_with_every_file_in_it(tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "a/x").write_text("1")
    before = protocol.hash_artifact(str(tmp_path))
    (tmp_path / "a/x").rename(tmp_path / "a/y")
    assert protocol.hash_artifact(str(tmp_path)) != before


def test_the_runner_s_name_is_that_of_its_sources_alone(tmp_path):
    copy = tmp_path / "runner"
    shutil.copytree(protocol.PACKAGE, copy, ignore=shutil.ignore_patterns("__pycache__"))
    assert protocol.hash_runner(str(copy)) == protocol.hash_runner()
    (copy / "__pycache__").mkdir()
    (copy / "__pycache__/emit.cpython-36.pyc").write_bytes(b"compiled")
    assert protocol.hash_runner(str(copy)) == protocol.hash_runner()
    (copy / "emit.py").write_text("")
    assert protocol.hash_runner(str(copy)) != protocol.hash_runner()


def test_bounds_that_are_not_given_have_defaults():
    request = {
        "protocol": 1,
        "framework": "noop",
        "artifact": {"path": "", "sha256": "", "format": ""},
        "inputs": [],
        "threads": 1,
        "stop": {"iterations": 3},
    }
    stop = protocol.complete(request)["stop"]
    assert stop == {**protocol.DEFAULTS["stop"], "iterations": 3}
