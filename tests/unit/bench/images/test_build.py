"""Building many images: one that fails keeps no other from being built, and each says what came of it."""

import io
import json
from types import SimpleNamespace

import docker
import pytest
import requests
from rich.console import Console

from bench.cli.images import build as view
from bench.core.errors import HostError
from bench.images import build as builder


class Builder:
    """What an engine's builder keeps, over its HTTP interface; with `error` it does not answer."""

    base_url, api_version = "http://engine", "1.45"

    def __init__(self) -> None:
        self.kept = {
            "1": {"ID": "1", "Description": "mount / from exec /bin/sh -c make-venv /requirements.txt"},
            "2": {"ID": "2", "Description": "mount / from exec /bin/sh -c make-venv /requirements.txt", "InUse": True},
            "3": {"ID": "3", "Description": "COPY --link --from=packages /opt/venv /opt/venv"},
            "4": {"ID": "4"},
        }
        self.error: Exception | None = None

    def get(self, url: str, params: object, timeout: float) -> requests.Response:
        assert (url, params) == ("http://engine/v1.45/system/df", {"type": "build-cache"})
        if self.error:
            raise self.error
        answer = requests.Response()
        answer.status_code = 200
        answer._content = json.dumps({"BuildCache": list(self.kept.values())}).encode()
        return answer

    def prune_builds(self, filters: dict[str, list[str]], all: bool) -> None:
        (wanted,) = filters["id"]
        del self.kept[wanted]


class Engine:
    """As much of an engine as builds look at: images by name. `make` is what a build does to it."""

    def __init__(self) -> None:
        self.images = self
        self.api = Builder()
        self.made: dict[str, SimpleNamespace] = {}
        self.pruned = 0

    def get(self, ref: str) -> SimpleNamespace:
        if ref not in self.made:
            raise docker.errors.ImageNotFound("no such image")
        return self.made[ref]

    def list(self) -> list[SimpleNamespace]:
        return list(self.made.values())

    def prune(self, filters: object) -> None:
        self.pruned += 1

    def make(self, ref: str, *layers: str) -> None:
        attrs = {"Size": 1000 * len(layers), "RootFS": {"Layers": list(layers)}}
        self.made[ref] = SimpleNamespace(id="-".join(layers), tags=[ref], attrs=attrs)


@pytest.fixture
def engine(monkeypatch, tmp_path):
    """An engine that has the image `old`; a build of `bad` fails, one of any other name makes an image."""
    found = Engine()
    found.make("edgebench/old:amd64", "base", "python", "old")

    def build(names, platform, say, *, stand_in):
        (name,) = names
        say(f"step of {name}\n")
        if name == "bad":
            raise HostError("docker buildx bake bad ended with 1\nno space left on device", "make room")
        found.make(f"edgebench/{name}:{platform}", "base", "python", name)

    monkeypatch.setattr("bench.images.bake.build", build)
    monkeypatch.setattr("bench.images.engine.connect", lambda: found)
    monkeypatch.setenv("EDGEBENCH_CACHE", str(tmp_path))
    return found


def test_one_that_fails_keeps_no_other_from_being_built(engine):
    done = builder.build_each(["old", "bad", "new"], "amd64", builder.Watcher())
    assert [(b.name, b.result) for b in done] == [("old", "cached"), ("bad", "failed"), ("new", "built")]
    assert [(b.shared, b.layers) for b in done] == [(2, 3), (0, None), (2, 3)]
    assert engine.pruned == 1
    assert list(engine.api.kept) == ["2", "3", "4"]  # what was installed is in the images; what is in use stays
    assert all(b.log.read_text() == f"step of {b.name}\n" for b in done)


@pytest.mark.parametrize("error", [requests.ConnectionError("gone"), docker.errors.APIError("no such page")])
def test_a_builder_that_keeps_what_it_has_is_no_failure(engine, error):
    engine.api.error = error
    assert [b.result for b in builder.build_each(["new"], "amd64", builder.Watcher())] == ["built"]
    assert len(engine.api.kept) == 4


def test_when_it_is_given_up_nothing_more_is_begun(engine):
    begun = []

    class Impatient(builder.Watcher):
        def begin(self, name: str) -> None:
            begun.append(name)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        builder.build_each([f"n{n}" for n in range(50)], "amd64", Impatient())
    assert len(begun) < 50
    assert engine.pruned == 0


@pytest.mark.parametrize("terminal", [True, False])
def test_the_user_sees_each_image_come_to_its_end(engine, terminal):
    out = io.StringIO()
    console = Console(file=out, force_terminal=terminal, width=100)
    if terminal:
        board = view.Board(console, 2)
        with board.live:
            done = builder.build_each(["bad", "new"], "amd64", board)
    else:
        done = builder.build_each(["bad", "new"], "amd64", view.Lines(console))
    console.print(view.table(done))
    assert "new: built in" in out.getvalue()
    assert "bad: failed in" in out.getvalue()
    assert "2 of 3" in out.getvalue()
    assert view.row(done[0])["error"].startswith("docker buildx bake bad")
