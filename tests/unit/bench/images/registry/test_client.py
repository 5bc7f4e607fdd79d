"""What is asked of a registry, and what is made of its answers: against a server of the test's own."""

import base64
import json
import ssl
import subprocess
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from bench.core.errors import ConfigError, HostError
from bench.images.registry.client import Registry
from bench.images.registry.oci import INDEX, MANIFEST, digest_of, make_index, make_manifest
from bench.images.registry.pull import Pieces
from bench.images.registry.remote_image import find_remote
from bench.images.registry.tls import is_insecure

Answer = tuple[int, dict[str, str], bytes]
Serve = Callable[[str, str, dict[str, str], bytes], Answer]


class Server(ThreadingHTTPServer):
    """Answers as `serve` says."""

    daemon_threads = True
    serve: Serve

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.server_address[1]}"

    def handle_error(self, request: object, client_address: object) -> None:
        """Whoever tries TLS first hangs up: nothing to speak of."""


class Handler(BaseHTTPRequestHandler):
    server: Server

    def answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        status, headers, data = self.server.serve(self.command, self.path, dict(self.headers), body)
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    do_GET = do_HEAD = do_POST = do_PUT = answer  # noqa: N815

    def log_message(self, *words: object) -> None:
        pass


@pytest.fixture(autouse=True)
def no_login_of_the_user(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path / "docker"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def server() -> Iterator[Server]:
    with Server(("127.0.0.1", 0), Handler) as made:
        made.serve = lambda *asked: (200, {}, b"{}")
        threading.Thread(target=made.serve_forever, daemon=True).start()
        yield made
        made.shutdown()


def log_in(folder: Path, host: str, **entry: str) -> None:
    (folder / "docker").mkdir()
    (folder / "docker" / "config.json").write_text(json.dumps({"auths": {host: entry}}))


@pytest.mark.parametrize(
    "address",
    ["", "/", "namespace", "name/space", "http://host:5000", "host:port/x", "host:5000/UPPER", "host:5000//x",
     "host:5000/x/", "user@host:5000", "host:99999", "a b:5000", "docker.io/me", "host:0"],
)  # fmt: skip
def test_what_is_no_registry_is_said_before_anything_is_asked(address):
    with pytest.raises(ConfigError):
        Registry(address)


def test_names_are_those_of_docker():
    registry = Registry("localhost:5000/a/b")
    assert registry.ref("tflite", "amd64") == "localhost:5000/a/b/edgebench/tflite:amd64"
    assert registry.ref("tflite", "sha256:0") == "localhost:5000/a/b/edgebench/tflite@sha256:0"
    assert Registry("ghcr.io").repository("tflite") == "edgebench/tflite"


def test_loopback_needs_no_certificate_and_others_do():
    assert is_insecure("127.0.0.1:5000", None)
    assert is_insecure("localhost:5000", None)
    assert not is_insecure("192.0.2.1:5000", None)
    assert not is_insecure("no-such-name.invalid", None)

    class Engine:
        def info(self) -> dict:
            indexes = {"registry.invalid:5000": {"Secure": False}, "docker.io": {"Secure": True}}
            return {"RegistryConfig": {"IndexConfigs": indexes, "InsecureRegistryCIDRs": ["192.0.2.0/24"]}}

    assert is_insecure("registry.invalid:5000", Engine())  # type: ignore[arg-type]
    assert is_insecure("192.0.2.1:5000", Engine())  # type: ignore[arg-type]
    assert not is_insecure("198.51.100.1", Engine())  # type: ignore[arg-type]


def test_what_does_not_have_its_digest_is_refused(server):
    right = make_manifest({"schemaVersion": 2, "mediaType": MANIFEST})
    server.serve = lambda *asked: (200, {"Content-Type": MANIFEST}, right.raw)
    registry = Registry(server.address)
    assert registry.manifest("edgebench/tflite", right.digest) == right
    assert registry.blob("edgebench/tflite", digest_of(right.raw)) == right.raw
    wrong = digest_of(b"another")
    for ask in (registry.manifest, registry.blob):
        with pytest.raises(HostError, match=f"{right.digest} instead of {wrong}"):
            ask("edgebench/tflite", wrong)
    server.serve = lambda *asked: (200, {"Content-Type": MANIFEST, "Docker-Content-Digest": wrong}, right.raw)
    with pytest.raises(HostError, match=f"instead of {wrong}"):
        registry.manifest("edgebench/tflite", "amd64")


def test_a_name_that_is_not_there_is_none(server):
    server.serve = lambda method, path, *rest: (200 if path == "/v2/" else 404, {}, b"")
    assert Registry(server.address).manifest("edgebench/tflite", "amd64") is None
    assert find_remote(Registry(server.address), "tflite", "amd64", "amd64") is None
    assert not Registry(server.address).has_blob("edgebench/tflite", "sha256:0")


@pytest.mark.parametrize(
    ("status", "said", "hint"),
    [(500, "answered 500 to GET /v2/", "run the same again"), (405, "answered 405", "run the same again"),
     (401, "wants a login", "docker login"), (403, "wants a login", "docker login"), (301, "301", "again")],
)  # fmt: skip
def test_other_answers_say_what_was_asked_and_what_to_do(server, status, said, hint):
    server.serve = lambda *asked: (status, {"Retry-After": "0"}, b"<html>no</html>")
    with pytest.raises(HostError) as wrong:
        Registry(server.address).check()
    assert said in str(wrong.value)
    assert "html" not in str(wrong.value)
    assert hint in str(wrong.value.hint)


def test_a_busy_registry_is_asked_again(server):
    answers = iter([(503, {}, b""), (429, {"Retry-After": "0"}, b""), (200, {}, b"{}"), (200, {}, b"{}")])
    server.serve = lambda *asked: next(answers)
    Registry(server.address).check()


def test_a_password_is_that_of_docker_login(server, tmp_path):
    auth = base64.b64encode(b"me:secret").decode()
    log_in(tmp_path, server.address, auth=auth)

    def serve(method: str, path: str, headers: dict[str, str], body: bytes) -> Answer:
        if headers.get("Authorization") == f"Basic {auth}":
            return 200, {}, b"{}"
        return 401, {"WWW-Authenticate": 'Basic realm="r"'}, b""

    server.serve = serve
    Registry(server.address).check()


@pytest.mark.parametrize("kind", ["password", "token", "nobody"])
def test_a_service_that_gives_out_tokens(server, tmp_path, kind):
    """As Docker Hub, GitHub and GitLab do it; with an identity token as Azure does."""
    auth = base64.b64encode(b"me:secret").decode()
    entry = {"password": {"auth": auth}, "token": {"identitytoken": "refresh"}, "nobody": {}}[kind]
    log_in(tmp_path, server.address, **entry)
    asked_for: list[str] = []

    def serve(method: str, path: str, headers: dict[str, str], body: bytes) -> Answer:
        if path.startswith("/token"):
            asked_for.append(f"{method} {path} {headers.get('Authorization')} {body.decode()}")
            return 200, {"Content-Type": "application/json"}, b'{"token": "good"}'
        if headers.get("Authorization") == "Bearer good":
            return 404, {}, b""
        challenge = f'Bearer realm="http://{server.address}/token",service="s",scope="repository:x:pull"'
        return 401, {"WWW-Authenticate": challenge}, b""

    server.serve = serve
    assert Registry(server.address).manifest("x", "amd64") is None
    (asked,) = asked_for
    assert "scope=repository%3Ax%3Apull" in asked
    assert {"password": f"Basic {auth}", "token": "refresh_token=refresh", "nobody": "None"}[kind] in asked


def test_a_login_that_cannot_be_read_is_said(tmp_path):
    (tmp_path / "docker").mkdir()
    (tmp_path / "docker" / "config.json").write_text('{"credHelpers": {"localhost:5000": "no-such-helper"}}')
    with pytest.raises(HostError, match="login for localhost:5000"):
        Registry("localhost:5000")


@pytest.fixture
def secure(server, tmp_path) -> Server:
    """The server with a certificate that nobody signed but itself."""
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    command += ["-subj", "/CN=tests", "-addext", "subjectAltName=IP:127.0.0.1"]
    files = ["-keyout", str(tmp_path / "key"), "-out", str(tmp_path / "crt")]
    subprocess.run([*command, *files], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "crt", tmp_path / "key")
    server.socket = context.wrap_socket(server.socket, server_side=True)
    return server


def test_loopback_may_have_any_certificate(secure):
    Registry(secure.address).check()


def test_elsewhere_it_must_be_one_that_docker_was_told_of(secure, tmp_path, monkeypatch):
    monkeypatch.setattr("bench.images.registry.client.is_insecure", lambda host, engine: False)
    with pytest.raises(HostError, match=f"certificate of the registry {secure.address} is not trusted") as wrong:
        Registry(secure.address).check()
    assert f"/etc/docker/certs.d/{secure.address}/ca.crt" in str(wrong.value.hint)
    folder = tmp_path / "config" / "docker" / "certs.d" / secure.address
    folder.mkdir(parents=True)
    (tmp_path / "crt").rename(folder / "ca.crt")
    Registry(secure.address).check()


def test_plain_http_is_never_tried_where_a_certificate_is_asked_for(server, monkeypatch):
    asked: list[str] = []
    server.serve = lambda method, path, *rest: (asked.append(path), (200, {}, b"{}"))[1]
    monkeypatch.setattr("bench.images.registry.client.is_insecure", lambda host, engine: False)
    with pytest.raises(HostError):
        Registry(server.address).check()
    assert not asked


@pytest.mark.parametrize(
    ("raw", "media_type", "said"),
    [
        (b"no json", MANIFEST, "is no image"),
        (b"[]", MANIFEST, "is no image"),
        (b"{}", MANIFEST, "is no image"),
        (b'{"manifests": [{}]}', INDEX, "is no image"),
        (make_index([]).raw, INDEX, "is for no platform"),
        (make_index([{"platform": {"os": "linux", "architecture": "arm64"}}]).raw, INDEX, "is for linux/arm64"),
    ],
)
def test_what_is_no_image_of_ours_is_said(server, raw, media_type, said):
    server.serve = lambda *asked: (200, {"Content-Type": media_type}, raw)
    with pytest.raises(HostError, match=said):
        find_remote(Registry(server.address), "tflite", "amd64", "amd64")


def test_a_pull_is_followed_by_its_layers():
    moved: list[int] = []
    pieces = Pieces(moved.append)
    for status, layer, current in (
        ("Pulling fs layer", "a" * 12, None),
        ("Downloading", "a" * 12, 10),
        ("Downloading", "a" * 12, 30),
        ("Already exists", "b" * 12, None),
        ("Download complete", "c" * 12, None),
        ("Extracting", "a" * 12, 900),
        ("Digest: sha256:0", None, None),
    ):
        detail = {} if current is None else {"current": current, "total": 100}
        pieces.hear({"status": status, "id": layer, "progressDetail": detail})
    assert sum(moved) == 30
    came = [name for name in "abc" if pieces.travelled({"digest": f"sha256:{name * 64}"})]
    assert came == ["a", "c"]
