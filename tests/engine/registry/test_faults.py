"""Registries with a password, a certificate of their own, or something wrong with them."""

import json
import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import docker
import pytest

from bench.core.errors import HostError
from bench.images import local
from bench.images.registry import push
from bench.images.registry.client import Registry
from bench.images.registry.lock import read_lock
from bench.images.registry.oci import Layout, images_of
from bench.images.registry.progress import Watcher
from tests.engine.conftest import BENCH
from tests.support.registry import Proxy, empty_engine, free_port, log_in, serving

pytestmark = [pytest.mark.engine, pytest.mark.usefixtures("apart")]  # nothing is timed

HERE = local.native_platform()
Bench = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def call(made: docker.DockerClient, tmp_path: Path) -> Bench:
    """Call `bench images …` with a lock file of the test's own."""

    def bench(*words: str, **environ: str) -> subprocess.CompletedProcess[str]:
        environ = {**os.environ, "EDGEBENCH_LOCK": str(tmp_path / "images.lock"), **environ}
        return subprocess.run(
            [*BENCH, "images", *words], cwd=tmp_path, env=environ, capture_output=True, text=True, timeout=300
        )

    return bench


@pytest.fixture
def proxy(tmp_path: Path) -> Iterator[Proxy]:
    """A proxy in front of an empty registry."""
    with serving(tmp_path) as registry, Proxy(registry) as found:
        yield found


def tags(address: str) -> list[str]:
    """Which of the tags that a push of onnxruntime writes are there."""
    registry = Registry(address)
    repository = registry.repository("onnxruntime")
    wanted = (HERE, local.version("onnxruntime", HERE))
    return [tag for tag in wanted if registry.manifest(repository, tag) is not None]


def test_a_password_and_a_certificate_of_its_own(call, tmp_path):
    with serving(tmp_path, password=True, tls=True) as address, empty_engine() as empty:
        done = call(
            "push", "--registry", address, "--platform", HERE, "onnxruntime", DOCKER_CONFIG=str(tmp_path / "none")
        )
        assert done.returncode == 3
        assert f"the registry {address} wants a login" in done.stderr
        assert f"docker login {address}" in done.stderr

        wrong = log_in(tmp_path / "wrong", address, password="guessed")
        done = call("push", "--registry", address, "--platform", HERE, "onnxruntime", **wrong)
        assert done.returncode == 3
        assert f"the registry {address} does not let 'reader'" in done.stderr
        assert "guessed" not in done.stderr

        right = log_in(tmp_path / "right", address)
        for words in (
            ("push", "--registry", address, "--platform", HERE, "onnxruntime"),
            ("lock", "--registry", address),
            ("inspect", "onnxruntime"),
        ):
            done = call(*words, **right)
            assert done.returncode == 0, done.stderr
        done = call("pull", DOCKER_HOST=empty, **wrong)
        assert done.returncode == 3
        assert "does not let 'reader'" in done.stderr
        for words in (("pull",), ("verify",)):
            done = call(*words, DOCKER_HOST=empty, **right)
            assert done.returncode == 0, done.stderr


@pytest.fixture(scope="module")
def exported(made: docker.DockerClient, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The image as it travels, made once."""
    folder = tmp_path_factory.mktemp("exported") / "layout"
    push.export("onnxruntime", HERE, "zstd", folder)
    return folder


@pytest.mark.parametrize(
    ("method", "part", "wrong", "said"),
    [
        ("POST", "/blobs/uploads/", 403, "wants a login: write to"),
        ("PUT", "/blobs/uploads/", 500, "answered 500 to PUT"),
        ("PUT", "/blobs/uploads/", 404, "answered 404 to PUT"),
        ("PUT", "/blobs/uploads/", 401, "wants a login: write to"),
        ("PUT", "/blobs/uploads/", "cut", "broke off"),
        ("PUT", "/blobs/uploads/", "hang", "gave no sign for 1 s"),
        ("PUT", "/manifests/sha256:", 500, "answered 500 to PUT"),
        ("HEAD", "/blobs/", 503, "answered 503 to HEAD"),
    ],
)
def test_a_registry_that_fails_midway_is_left_without_tags(
    made, exported, proxy, monkeypatch, method, part, wrong, said
):
    """The third blob fails, so that some of the image has arrived; another try finishes the work."""
    monkeypatch.setattr(push, "export", lambda *words: Layout(exported))
    monkeypatch.setattr(push, "inventory", lambda *words: {"packages": []})
    seen: list[str] = []

    def decide(asked: str, path: str) -> int | str | None:
        if asked == method and part in path:
            seen.append(path)
            return wrong if len(seen) >= (3 if "/blobs/" in part else 1) else None
        return None

    proxy.decide = decide
    pusher = push.Pusher(made, Registry(proxy.address, patience=1), Watcher())
    with pytest.raises(HostError) as failed:
        pusher.push("onnxruntime", [HERE], [HERE])
    assert str(failed.value).startswith(f"pushing onnxruntime for {HERE}: ")
    assert said in str(failed.value)
    assert "no tag was written" in str(failed.value)
    assert failed.value.hint
    proxy.decide = lambda asked, path: None
    assert tags(proxy.address) == []
    push.Pusher(made, Registry(proxy.address), Watcher()).push("onnxruntime", [HERE], [HERE])
    assert len(tags(proxy.address)) == 2


def test_of_two_platforms_one_that_fails_keeps_the_tags_of_both_back(made, exported, proxy, monkeypatch):
    """The second platform is this machine's image under another name, and fails at its very end."""
    monkeypatch.setattr(push, "export", lambda *words: Layout(exported))
    monkeypatch.setattr(push, "inventory", lambda *words: {"packages": []})
    required = push.require
    monkeypatch.setattr(push, "require", lambda engine, framework, platform: required(engine, framework, HERE))
    indexes: list[str] = []

    def decide(asked: str, path: str) -> int | None:
        indexes.extend([path] if asked == "PUT" and "/manifests/" in path else [])
        return 500 if len(indexes) > 5 else None

    proxy.decide = decide
    pusher = push.Pusher(made, Registry(proxy.address), Watcher())
    with pytest.raises(HostError, match=r"pushing onnxruntime for l4t-r36: .*no tag was written"):
        pusher.push("onnxruntime", [HERE, "l4t-r36"], [HERE])
    proxy.decide = lambda asked, path: None
    assert tags(proxy.address) == []
    done, written = pusher.push("onnxruntime", [HERE, "l4t-r36"], [HERE])
    version = done[0].version
    assert {ref.rpartition(":")[2] for ref in written} == {HERE, "l4t-r36", version}
    index = Registry(proxy.address).manifest("edgebench/onnxruntime", version)
    assert index is not None
    assert len(images_of(index.value)) == 1, "L4T has only its own tag"


def test_a_registry_that_is_away_or_silent(call, proxy):
    away = f"127.0.0.1:{free_port()}"
    for words in (("push", "--registry", away, "onnxruntime"), ("lock", "--registry", away)):
        done = call(*words)
        assert done.returncode == 3
        assert f"the registry {away} does not answer" in done.stderr
        assert "is it up?" in done.stderr
    proxy.decide = lambda method, path: "hang"
    done = call("push", "--registry", proxy.address, "--timeout", "1", "onnxruntime")
    assert done.returncode == 3
    assert f"the registry {proxy.address} gave no sign for 1 s" in done.stderr


@pytest.fixture(scope="module")
def pushed(made: docker.DockerClient, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Proxy, Path]]:
    """A proxy in front of a registry that has the image, and the folder of its storage and lock file."""
    folder = tmp_path_factory.mktemp("pushed")
    with serving(folder) as registry, Proxy(registry) as found:
        for words in (
            ("push", "--registry", found.address, "--platform", HERE, "onnxruntime"),
            ("lock", "--registry", found.address),
        ):
            environ = {**os.environ, "EDGEBENCH_LOCK": str(folder / "images.lock")}
            done = subprocess.run([*BENCH, "images", *words], env=environ, capture_output=True, text=True)
            assert done.returncode == 0, done.stderr
        yield found, folder


@pytest.fixture(scope="module")
def bare(made: docker.DockerClient) -> Iterator[str]:
    """An engine that never gets an image: every pull that it is used for fails."""
    with empty_engine() as host:
        yield host
        client = docker.DockerClient(base_url=host)
        assert client.images.list() == []
        client.close()


@pytest.mark.parametrize(("wrong", "hint"), [(500, "run the same again"), (404, "the registry is damaged")])
def test_a_pull_that_fails_names_image_and_platform(call, pushed, bare, wrong, hint):
    proxy, folder = pushed
    layer = biggest_layer(proxy.address)
    proxy.decide = lambda method, path: wrong if layer in path else None
    done = call("pull", "--lock", str(folder / "images.lock"), DOCKER_HOST=bare)
    proxy.decide = lambda method, path: None
    assert done.returncode == 3
    assert f"pulling onnxruntime for {HERE}: " in done.stderr
    assert hint in done.stderr


def biggest_layer(address: str) -> str:
    registry = Registry(address)
    repository = registry.repository("onnxruntime")
    index = registry.manifest(repository, HERE)
    assert index is not None
    manifest = registry.manifest(repository, index.value["manifests"][0]["digest"])
    assert manifest is not None
    return str(max(manifest.value["layers"], key=lambda layer: layer["size"])["digest"])


def test_a_damaged_registry_is_noticed(call, pushed, bare):
    """Bytes on the registry's disk that are not those of their digest: in the configuration, and in a layer."""
    proxy, folder = pushed
    lock = ("--lock", str(folder / "images.lock"))
    blobs = folder / "storage/docker/registry/v2/blobs/sha256"
    image = data_of(blobs, read_lock(folder / "images.lock").find("onnxruntime", HERE).digest)
    configuration = json.loads(image.read_text())["config"]["digest"]
    for digest, said in ((configuration, "with the digest"), (biggest_layer(proxy.address), "the registry is damaged")):
        path = data_of(blobs, digest)
        right = path.read_bytes()
        path.write_bytes(right[:100] + bytes([right[100] ^ 1]) + right[101:])
        done = call("pull", *lock, DOCKER_HOST=bare)
        path.write_bytes(right)
        assert done.returncode == 3
        assert f"pulling onnxruntime for {HERE}: " in done.stderr
        assert said in done.stderr
    right = image.read_bytes()
    image.unlink()
    done = call("verify", *lock)
    image.write_bytes(right)
    assert done.returncode == 4
    assert f"onnxruntime for {HERE}: the registry does not have" in done.stderr


def data_of(blobs: Path, digest: str) -> Path:
    """Where Debian's registry keeps a blob."""
    name = digest.removeprefix("sha256:")
    return blobs / name[:2] / name / "data"


def test_what_is_not_built_is_not_pushed(call, proxy):
    done = call("push", "--registry", proxy.address, "onnxruntime", "--platform", "l4t-r32")
    assert done.returncode == 3
    assert "there is no image edgebench/onnxruntime:l4t-r32" in done.stderr
    assert tags(proxy.address) == []


def test_gzip_for_an_engine_that_is_old(call, proxy):
    done = call("push", "--registry", proxy.address, "--platform", HERE, "onnxruntime", "--compression", "gzip")
    assert done.returncode == 0, done.stderr
    registry = Registry(proxy.address)
    index = registry.manifest(registry.repository("onnxruntime"), HERE)
    assert index is not None
    manifest = registry.manifest(registry.repository("onnxruntime"), index.value["manifests"][0]["digest"])
    assert manifest is not None
    assert {layer["mediaType"].rpartition("+")[2] for layer in manifest.value["layers"]} == {"gzip"}
