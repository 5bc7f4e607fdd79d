"""Push, lock, wipe, pull, run: between a real registry, this machine's engine, and one that has nothing."""

import json
import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import docker
import pytest

from bench.core.errors import HostError
from bench.core.paths import PROJECT
from bench.images import local as images
from bench.images.registry.client import Registry
from bench.images.registry.lock import Lock, read_lock
from bench.images.registry.oci import Manifest, attestation_of, digest_of, images_of, make_index, make_manifest
from bench.images.registry.progress import Watcher
from bench.images.registry.push import Pusher
from bench.images.registry.remote_image import find_remote
from tests.engine.conftest import BENCH, journal
from tests.support.registry import Proxy, empty_engine, serving

pytestmark = [pytest.mark.engine, pytest.mark.usefixtures("apart")]  # nothing is timed

FRAMEWORKS = ("onnxruntime", "tflite")
HERE = images.native_platform()
Bench = Callable[..., subprocess.CompletedProcess[str]]


class Site:
    """A registry with our images in it, the proxy through which it is reached, and the lock file of it."""

    def __init__(self, folder: Path, registry: str, proxy: Proxy) -> None:
        self.folder, self.proxy = folder, proxy
        self.address = f"{proxy.address}/site"
        self.behind = f"{registry}/site"
        self.lock_file = folder / "images.lock"

    @property
    def lock(self) -> Lock:
        return read_lock(self.lock_file)

    def bench(self, *words: str, engine: str | None = None, ok: bool = True) -> subprocess.CompletedProcess[str]:
        """Call `bench …` with this site's lock file; with an engine's address on that one."""
        environ = {**os.environ, "EDGEBENCH_LOCK": str(self.lock_file), **({"DOCKER_HOST": engine} if engine else {})}
        done = subprocess.run([*BENCH, *words], cwd=self.folder, env=environ, capture_output=True, text=True)
        assert not ok or done.returncode == 0, done.stderr
        return done


@pytest.fixture(scope="module")
def site(made: docker.DockerClient, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Two frameworks, pushed and locked."""
    for framework in FRAMEWORKS:
        try:
            images.require(made, framework, HERE)
        except HostError as error:
            pytest.fail(f"{error}; {error.hint}")
    folder = tmp_path_factory.mktemp("registry")
    with serving(folder) as registry, Proxy(registry) as proxy:
        found = Site(folder, registry, proxy)
        found.bench("images", "push", "--registry", found.address, "--platform", HERE, *FRAMEWORKS)
        found.bench("images", "lock", "--registry", found.address)
        yield found


@pytest.fixture(scope="module")
def empty(made: docker.DockerClient) -> Iterator[str]:
    """The address of an engine that begins with nothing."""
    with empty_engine() as host:
        yield host


@pytest.fixture
def wiped(empty: str) -> str:
    """The same engine, with nothing once more."""
    client = docker.DockerClient(base_url=empty)
    for image in client.images.list():
        for name in [*image.tags, *(image.attrs.get("RepoDigests") or ())]:
            try:
                client.images.remove(name, force=True)
            except docker.errors.ImageNotFound:
                continue
    assert not client.images.list()
    client.close()
    return empty


def test_what_was_pushed_is_one_image_under_every_name(site, made):
    for framework in FRAMEWORKS:
        registry = Registry(site.address)
        local = images.require(made, framework, HERE)
        locked = site.lock.find(framework, HERE)
        for reference in (HERE, locked.version, locked.digest, locked.index):
            remote = find_remote(registry, framework, HERE, reference)
            assert remote is not None
            assert remote.manifest_digest == locked.digest
            assert remote.labels == local.labels
        assert all(layer["mediaType"].endswith("+zstd") for layer in remote.layers)
        assert locked.size_bytes == remote.size_bytes < local.size_bytes


def test_pushing_again_sends_nothing_and_changes_no_tag(site):
    site.proxy.seen.clear()
    before = site.lock
    (row,) = json.loads(
        site.bench("images", "push", "--registry", site.address, "--platform", HERE, "tflite", "--json").stdout
    )
    assert row["sent_bytes"] == 0
    assert not [path for method, path in site.proxy.seen if method == "PUT" and "/blobs/" in path]
    site.bench("images", "lock", "--registry", site.address)
    assert site.lock == before


def test_the_sbom_names_what_is_really_installed(site, made):
    document = json.loads(site.bench("images", "inspect", "tflite", "--sbom", "--json").stdout)
    purls = {ref["referenceLocator"] for each in document["packages"] for ref in each.get("externalRefs", ())}
    python = {each.removeprefix("pkg:pypi/") for each in purls if each.startswith("pkg:pypi/")}
    assert python == {f"{name}@{version}" for name, version in images.pins("tflite", HERE).items()}
    debian = {(each["name"], each["versionInfo"]) for each in document["packages"] if is_debian(each)}
    ask = ["-c", "dpkg-query -W -f '${Package} ${Version}\\n'"]
    image = images.require(made, "tflite", HERE).image_id
    said = made.containers.run(image, ask, entrypoint="sh", network_mode="none", remove=True).decode()
    assert debian == {tuple(line.split(" ")) for line in said.splitlines()}
    text = site.bench("images", "inspect", "tflite", "--sbom").stdout
    assert "tflite-runtime" in text
    assert "libc6" in text


def is_debian(package: dict) -> bool:
    return any(ref["referenceLocator"].startswith("pkg:deb/") for ref in package.get("externalRefs", ()))


def test_the_provenance_names_the_base_and_tells_nothing_of_this_machine(site):
    said = site.bench("images", "inspect", "tflite", "--provenance", "--json").stdout
    materials = [each["uri"] for each in json.loads(said)["materials"]]
    assert any(uri.startswith("pkg:docker/debian@bookworm-slim") for uri in materials)
    assert str(PROJECT) not in said
    assert str(Path.home()) not in said.replace("/root/.cache/pip", "")  # a mount of the build's own
    assert "--provenance" in site.bench("images", "inspect", "tflite").stdout
    facts = json.loads(site.bench("images", "inspect", "tflite", "--json").stdout)
    assert facts["sbom"] is facts["provenance"] is True
    assert facts["digest"] == site.lock.find("tflite", HERE).digest


def test_buildx_reads_them_too(site):
    ref = f"{site.address}/edgebench/tflite:{HERE}"
    command = [str(PROJECT / "setup" / "env"), "docker", "buildx", "imagetools", "inspect", ref]
    for field, known in (("SBOM", "tflite-runtime"), ("Provenance", "bookworm-slim")):
        done = subprocess.run([*command, "--format", f"{{{{json .{field}}}}}"], capture_output=True, text=True)
        assert known in done.stdout, done.stderr


def test_pulled_again_it_is_the_same_and_runs(site, wiped):
    """The issue's own example: push, wipe the engine, pull, run: the same digests."""
    said = site.bench("images", "pull", "onnxruntime", engine=wiped).stderr
    assert f"onnxruntime for {HERE}: " in said
    locked = site.lock.find("onnxruntime", HERE)
    client = docker.DockerClient(base_url=wiped)
    image = client.images.get(f"{site.address}/edgebench/onnxruntime:{HERE}")
    assert set(image.attrs["RepoDigests"]) == {f"{site.address}/edgebench/onnxruntime@{locked.digest}"}
    client.close()
    site.bench(
        "matrix", "run", "--device", "host", "--framework", "onnxruntime", "--model", "cifarnet",
        "--profile", "demo", "--blocks", "1", "--quiet", "--no-replace", engine=wiped,
    )  # fmt: skip
    (run,) = (site.folder / "results").iterdir()
    recorded = json.loads((run / "run.json").read_text())["images"]["onnxruntime"]
    assert recorded["repo_digest"] == f"{site.address}/edgebench/onnxruntime@{locked.digest}"
    assert [line["status"] for line in journal(site.folder / "results")] == ["ok"] * 3
    verdicts = json.loads(site.bench("images", "verify", "--json", engine=wiped).stdout)
    assert {each["framework"]: each["pulled"] for each in verdicts} == {"onnxruntime": True, "tflite": False}


def test_a_run_pulls_what_is_missing(site, wiped):
    words = ("--model", "cifarnet", "--profile", "demo", "--blocks", "1", "--arms", "container")
    done = site.bench("matrix", "run", "--framework", "tflite", *words, engine=wiped, ok=False)
    assert f"tflite for {HERE}: " in done.stderr, done.stderr
    assert "MB pulled" in done.stderr
    done = site.bench("matrix", "run", "--framework", "tflite", *words, "--images", "local", engine=wiped, ok=False)
    assert done.returncode == 3
    assert f"there is no image edgebench/tflite:{HERE}" in done.stderr
    done = site.bench("matrix", "run", "--framework", "openvino", *words, engine=wiped, ok=False)
    assert done.returncode == 3
    assert f"names no image of openvino for {HERE}" in done.stderr


def test_layers_that_images_share_travel_once(site, empty):
    """The registry is asked for every layer once, though two images have it."""
    with empty_engine() as other:  # the one that was wiped still has the layers until it collects its garbage
        site.proxy.seen.clear()
        first = site.bench("images", "pull", "onnxruntime", engine=other).stderr
        second = site.bench("images", "pull", "tflite", engine=other).stderr
    asked = [digest for digest in site.proxy.layers() if digest in layers_of(site)]
    assert len(asked) == len(set(asked)) == len(layers_of(site))
    shared = len(layers_of(site, "onnxruntime") & layers_of(site, "tflite"))
    assert shared >= 3, "Debian, Python and the runner"
    assert "0 of 4 layers were here" in first
    assert f"{shared} of 4 layers were here" in second


def layers_of(site: Site, *frameworks: str) -> set[str]:
    registry = Registry(site.behind)
    found: set[str] = set()
    for framework in frameworks or FRAMEWORKS:
        remote = find_remote(registry, framework, HERE, HERE)
        assert remote is not None
        found |= {layer["digest"] for layer in remote.layers}
    return found


@pytest.fixture
def tampered(site) -> Iterator[Registry]:
    """The registry, with a tag that somebody moved: the same labels, another image. Put right afterwards."""
    registry = Registry(site.behind)
    repository = registry.repository("onnxruntime")
    right = registry.manifest(repository, HERE)
    assert right is not None
    (image,) = images_of(right.value)
    manifest = registry.manifest(repository, image["digest"])
    assert manifest is not None
    config = json.loads(registry.blob(repository, manifest.value["config"]["digest"]))
    other = send(registry, repository, site.folder, manifest, {**config, "author": "somebody else"})
    registry.send_manifest(repository, HERE, make_index([other.descriptor(platform=image["platform"])]))
    yield registry
    registry.send_manifest(repository, HERE, right)


def send(registry: Registry, repository: str, folder: Path, manifest: Manifest, config: dict) -> Manifest:
    """The same image with another configuration, in the registry."""
    data = json.dumps(config).encode()
    (folder / "config.json").write_bytes(data)
    registry.send_blob(repository, digest_of(data), folder / "config.json", None, lambda size: None)
    described = {**manifest.value["config"], "digest": digest_of(data), "size": len(data)}
    other = make_manifest({"mediaType": manifest.media_type, **manifest.value, "config": described})
    registry.send_manifest(repository, other.digest, other)
    return other


def test_a_tampered_tag_is_refused(site, tampered, wiped):
    locked = site.lock.find("onnxruntime", HERE)
    for words in (
        ("images", "pull", "onnxruntime"),
        ("matrix", "run", "--framework", "onnxruntime", "--model", "cifarnet", "--blocks", "1", "--quiet"),
    ):
        done = site.bench(*words, engine=wiped, ok=False)
        assert done.returncode == 3
        assert f"onnxruntime for {HERE}" in done.stderr
        assert f"the lock file says {locked.digest}" in done.stderr
        assert "bench images lock" in done.stderr
    done = site.bench("images", "verify", engine=wiped, ok=False)
    assert done.returncode == 4
    assert f"onnxruntime for {HERE}: the tag" in done.stderr
    assert "tflite" not in done.stderr
    site.bench("images", "pull", "onnxruntime", "--by-digest-alone", engine=wiped)
    client = docker.DockerClient(base_url=wiped)
    image = client.images.get(f"{site.address}/edgebench/onnxruntime:{HERE}")
    client.close()
    assert set(image.attrs["RepoDigests"]) == {f"{site.address}/edgebench/onnxruntime@{locked.digest}"}


@pytest.mark.parametrize(
    ("label", "value", "said"),
    [
        ("org.edgebench.protocol", "999", "speaks the runner protocol 999"),
        ("org.edgebench.framework", "tflite", "says that it is an image of tflite"),
    ],
)
def test_an_image_that_cannot_be_ours_is_not_locked(site, tampered, label, value, said):
    repository = tampered.repository("onnxruntime")
    index = tampered.manifest(repository, HERE)
    assert index is not None
    (image,) = images_of(index.value)
    manifest = tampered.manifest(repository, image["digest"])
    assert manifest is not None
    config = json.loads(tampered.blob(repository, manifest.value["config"]["digest"]))
    config["config"]["Labels"][label] = value
    other = send(tampered, repository, site.folder, manifest, config)
    tampered.send_manifest(repository, HERE, make_index([other.descriptor(platform=image["platform"])]))
    before = site.lock_file.read_bytes()
    done = site.bench("images", "lock", "--registry", site.address, ok=False)
    assert done.returncode == 3
    assert said in done.stderr
    assert site.lock_file.read_bytes() == before


def test_an_image_for_another_architecture_is_refused(site, tampered):
    repository = tampered.repository("onnxruntime")
    index = tampered.manifest(repository, HERE)
    assert index is not None
    (image,) = images_of(index.value)
    elsewhere = {**image, "platform": {"os": "linux", "architecture": "s390x"}}
    tampered.send_manifest(repository, HERE, make_index([elsewhere]))
    done = site.bench("images", "lock", "--registry", site.address, ok=False)
    assert done.returncode == 3
    assert "is for linux/s390x" in done.stderr
    assert f"bench images push onnxruntime --platform {HERE}" in done.stderr


@pytest.mark.parametrize(("version", "kept"), [(None, True), ("0.0.1", False)])
def test_one_index_stands_for_all_platforms_of_a_version(site, made, version, kept):
    """What was pushed for another platform stays in the version's index; of another version it does not."""
    registry = Registry(site.behind)
    repository = registry.repository("tflite")
    other = "arm64" if HERE == "amd64" else "amd64"
    own = registry.manifest(repository, HERE)
    assert own is not None
    manifest = registry.manifest(repository, images_of(own.value)[0]["digest"])
    assert manifest is not None
    config = json.loads(registry.blob(repository, manifest.value["config"]["digest"]))
    config["architecture"] = other
    config["config"]["Labels"]["org.edgebench.framework.version"] = version or site.lock.find("tflite", HERE).version
    elsewhere = send(registry, repository, site.folder, manifest, config)
    platform = {"os": "linux", "architecture": other}
    registry.send_manifest(repository, other, make_index([elsewhere.descriptor(platform=platform)]))

    _, tags = Pusher(made, registry, Watcher()).push("tflite", [HERE], [HERE, other])
    assert {ref.rpartition(":")[2] for ref in tags} == {HERE, site.lock.find("tflite", HERE).version}
    index = registry.manifest(repository, site.lock.find("tflite", HERE).version)
    assert index is not None
    found = {image["platform"]["architecture"]: image["digest"] for image in images_of(index.value)}
    here = {images.architecture(HERE): manifest.digest}
    assert found == ({**here, other: elsewhere.digest} if kept else here)
    assert attestation_of(index.value, manifest.digest) is not None


def test_compose_takes_the_file_of_the_registry(made):
    """The image of that file cannot be had everywhere: that Compose reads the file can be tried."""
    command = [str(PROJECT / "setup" / "env"), "docker", "compose", "-f", str(PROJECT / "compose" / "registry.yaml")]
    environ = {**os.environ, "EDGEBENCH_REGISTRY_PORT": "5123"}
    done = subprocess.run([*command, "config", "--format", "json"], env=environ, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    (port,) = json.loads(done.stdout)["services"]["registry"]["ports"]
    assert (port["host_ip"], port["published"], port["target"]) == ("127.0.0.1", "5123", 5000)
