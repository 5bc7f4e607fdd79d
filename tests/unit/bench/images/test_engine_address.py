"""Where the engine is looked for, and what is said when none is there."""

import pytest

from bench.core.errors import HostError
from bench.images import engine


def test_docker_host_is_the_only_place_when_it_is_set(monkeypatch):
    monkeypatch.setenv("DOCKER_HOST", "unix:///elsewhere.sock")
    assert list(engine.addresses()) == ["unix:///elsewhere.sock"]


def test_without_one_named_the_users_own_comes_first(monkeypatch, tmp_path):
    monkeypatch.delenv("DOCKER_HOST", raising=False)
    monkeypatch.setenv("EDGEBENCH_CACHE", str(tmp_path))
    assert next(engine.addresses()) == "unix:///var/run/docker.sock"


def test_no_engine_is_said_with_the_places_and_the_next_step(monkeypatch, tmp_path):
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/none.sock")
    with pytest.raises(HostError) as caught:
        engine.connect()
    assert f"{tmp_path}/none.sock" in str(caught.value)
    assert "make engine-up" in str(caught.value.hint)
    assert caught.value.exit_code == 3
