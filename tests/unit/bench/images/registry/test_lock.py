"""The lock file: what it may say, which one is meant, and what a run that went by it remembers."""

import json
from pathlib import Path

import pytest
import yaml
from pydantic import ValidationError

from bench.core.errors import ConfigError, HostError
from bench.core.paths import PROJECT
from bench.images.registry import lock as locks
from bench.images.registry.lock import Lock, Locked, chosen_lock, lock_of, lock_path, read_lock, write_lock
from bench.images.registry.remote_image import version_tag

DIGEST = "sha256:" + "0" * 64
IMAGE = Locked(digest=DIGEST, index=None, size_bytes=1, version="2.13.0+cpu", protocol=1)
LOCK = Lock(registry="127.0.0.1:5000/site", images={"tflite": {"amd64": IMAGE}})


@pytest.fixture(autouse=True)
def no_lock_of_the_user(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("EDGEBENCH_LOCK", raising=False)
    monkeypatch.setattr(locks, "PROJECT", tmp_path)


def test_what_is_written_is_read(tmp_path):
    write_lock(tmp_path / "a.lock", LOCK)
    assert read_lock(tmp_path / "a.lock") == LOCK
    assert [path.name for path in tmp_path.iterdir()] == ["a.lock"], "nothing half-written is left"
    text = (tmp_path / "a.lock").read_text()
    write_lock(tmp_path / "a.lock", read_lock(tmp_path / "a.lock"))
    assert (tmp_path / "a.lock").read_text() == text


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"registry": None}, "registry"),
        ({"schema_version": 2}, "schema_version"),
        ({"extra": 1}, "extra"),
        ({"images": {"tflite": {"amd64": {**IMAGE.model_dump(), "digest": "sha256:1"}}}}, "images.tflite.amd64.digest"),
        ({"images": {"tflite": {"riscv": IMAGE.model_dump()}}}, "images.tflite.riscv"),
    ],
)
def test_what_is_wrong_with_a_lock_file_is_said_with_its_place(tmp_path, change, said):
    (tmp_path / "a.lock").write_text(json.dumps({**LOCK.model_dump(), **change}))
    with pytest.raises(ConfigError, match=r"a\.lock: ") as wrong:
        read_lock(tmp_path / "a.lock")
    assert said in str(wrong.value)
    assert "bench images lock" in str(wrong.value.hint)


@pytest.mark.parametrize("text", ["", "{", "[]", "\x00"])
def test_what_is_no_lock_file_at_all(tmp_path, text):
    (tmp_path / "a.lock").write_text(text)
    with pytest.raises(ConfigError, match=r"a\.lock"):
        read_lock(tmp_path / "a.lock")
    with pytest.raises(ConfigError, match="cannot be read"):
        read_lock(tmp_path)
    with pytest.raises(ConfigError, match="cannot be written"):
        write_lock(tmp_path / "nowhere" / "a.lock", LOCK)


def test_a_run_goes_by_the_lock_file_where_there_is_one(tmp_path, monkeypatch):
    assert chosen_lock(None) is None
    with pytest.raises(ConfigError, match="there is no lock file"):
        chosen_lock("locked")
    with pytest.raises(ConfigError, match="there is no lock file"):
        chosen_lock(None, tmp_path / "named.lock")
    write_lock(tmp_path / "images.lock", LOCK)
    assert lock_path() == tmp_path / "images.lock"
    assert chosen_lock(None) == chosen_lock("locked") == LOCK
    assert chosen_lock("local") is None
    monkeypatch.setenv("EDGEBENCH_LOCK", str(tmp_path / "other.lock"))
    with pytest.raises(ConfigError, match=r"other\.lock"):
        chosen_lock(None)


def test_what_it_does_not_name_is_said_with_the_way_out():
    assert LOCK.find("tflite", "amd64") == IMAGE
    for framework, platform in (("tflite", "arm64"), ("openvino", "amd64")):
        with pytest.raises(HostError, match=f"no image of {framework} for {platform}") as missing:
            LOCK.find(framework, platform)
        assert "--images local" in str(missing.value.hint)


def test_a_run_remembers_what_it_went_by():
    labels = {"org.edgebench.framework.version": "2.14.0"}
    name = f"127.0.0.1:5000/a/edgebench/tflite@{DIGEST}"
    made = lock_of({"tflite": {"repo_digest": name, "labels": labels}}, "amd64")
    assert made is not None
    assert made.registry == "127.0.0.1:5000/a"
    assert made.find("tflite", "amd64").digest == DIGEST
    assert lock_of({"tflite": {"repo_digest": None}, "old": {}}, "amd64") is None


@pytest.mark.parametrize(
    ("version", "tag"), [("2.14.0", "2.14.0"), ("2.13.0+cpu", "2.13.0_cpu"), ("1:2~rc1/3", "1_2_rc1_3")]
)
def test_a_version_becomes_a_tag(version, tag):
    assert version_tag(version) == tag


def test_nothing_of_a_lock_changes_unseen():
    with pytest.raises(ValidationError):
        LOCK.registry = "elsewhere"  # type: ignore[misc]


def test_the_registry_of_compose_is_for_this_machine_alone():
    (service,) = yaml.safe_load((PROJECT / "compose" / "registry.yaml").read_text())["services"].values()
    assert all(port.startswith("127.0.0.1:") for port in service["ports"])
    assert service["image"] == "registry:2"
    assert service["volumes"]
