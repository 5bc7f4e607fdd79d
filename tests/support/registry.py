"""Real registries, a proxy that fails when it is told to, and an engine that has nothing: for test_registry*.py."""

import base64
import http.client
import json
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import docker
import pytest

from bench.core.paths import cache

ROOT = cache() / "engine" / "root"  # where setup/engine unpacks the private engine's programs
USER, PASSWORD = "reader", "secret word"
# bcrypt, cost 5: the only kind that the registry takes, and nothing else here can make it.
HTPASSWD = f"{USER}:$2b$05$MU22K57jkQPqOgORM1ySxOfnLhwIr/LxImvAe6fepvOQjuKEAo78K\n"


def program(name: str) -> tuple[str, dict[str, str]]:
    """A program of the private engine's packages, or of the system, and the environment to start it in."""
    for folder in ("bin", "sbin"):
        if (path := ROOT / "usr" / folder / name).exists():
            libraries = ":".join(map(str, [*ROOT.glob("usr/lib/*-linux-gnu*"), *ROOT.glob("lib/*-linux-gnu*")]))
            paths = f"{ROOT}/usr/sbin:{ROOT}/usr/bin:{os.environ['PATH']}"
            return str(path), {**os.environ, "LD_LIBRARY_PATH": libraries, "PATH": paths}
    if found := shutil.which(name):
        return found, dict(os.environ)
    if os.environ.get("REQUIRE_ENGINE") == "1":
        pytest.fail(f"REQUIRE_ENGINE=1, and there is no {name}")
    pytest.skip(f"no program {name}: setup/engine unpacks it where it starts the private engine")


def free_port() -> int:
    """A port of loopback that nobody listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


@contextmanager
def serving(folder: Path, *, password: bool = False, tls: bool = False) -> Iterator[str]:
    """Debian's docker-registry with its storage below the folder: its address."""
    serve, environ = program("docker-registry")
    address = f"127.0.0.1:{free_port()}"
    config: dict[str, object] = {
        "version": "0.1",
        "log": {"level": "error", "accesslog": {"disabled": True}},
        "storage": {"filesystem": {"rootdirectory": str(folder / "storage")}},
        "http": {"addr": address},
    }
    if password:
        (folder / "htpasswd").write_text(HTPASSWD)
        config["auth"] = {"htpasswd": {"realm": "tests", "path": str(folder / "htpasswd")}}
    if tls:
        make_certificate(folder)
        certificate = {"certificate": str(folder / "tls.crt"), "key": str(folder / "tls.key")}
        config["http"] = {"addr": address, "tls": certificate}
    (folder / "config.yml").write_text(json.dumps(config))  # JSON is YAML
    with (folder / "log").open("w") as log:
        process = subprocess.Popen([serve, "serve", str(folder / "config.yml")], env=environ, stdout=log, stderr=log)
    try:
        wait_for_port(address, process, folder / "log")
        yield address
    finally:
        process.terminate()
        process.wait(timeout=30)


def make_certificate(folder: Path) -> None:
    """A certificate for 127.0.0.1 that nobody signed but itself: tls.crt and tls.key in the folder."""
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    command += ["-days", "1", "-subj", "/CN=tests", "-addext", "subjectAltName=IP:127.0.0.1,DNS:localhost"]
    files = ["-keyout", str(folder / "tls.key"), "-out", str(folder / "tls.crt")]
    subprocess.run([*command, *files], check=True, capture_output=True)


def wait_for_port(address: str, process: subprocess.Popen[bytes], log: Path) -> None:
    """Wait until somebody listens there; the test fails with the log when the process ends before."""
    host, port = address.split(":")
    for _ in range(300):
        with socket.socket() as probe:
            if probe.connect_ex((host, int(port))) == 0:
                return
        if process.poll() is not None:
            break
        time.sleep(0.1)
    pytest.fail(f"{address} does not come up: {log.read_text()[-2000:]}")


Decide = Callable[[str, str], int | str | None]  # method, path → an HTTP status, "cut", "hang", or None: pass on


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that hung up is nothing to speak of."""


class Proxy:
    """A real HTTP proxy in front of a registry: notes every request, and fails where `decide` says so."""

    def __init__(self, target: str) -> None:
        self.target = target
        self.decide: Decide = lambda method, path: None
        self.seen: list[tuple[str, str]] = []
        self.released = threading.Event()
        proxy = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def pass_on(self) -> None:
                size = int(self.headers.get("Content-Length") or 0)
                proxy.seen.append((self.command, self.path))
                wrong = proxy.decide(self.command, self.path)
                if wrong == "hang":
                    proxy.released.wait(60)
                if isinstance(wrong, str):
                    self.close_connection = True
                    return None
                body = self.rfile.read(size)
                if wrong is not None:
                    return self.answer(wrong, {}, b"")
                upstream = http.client.HTTPConnection(proxy.target, timeout=60)
                try:
                    upstream.request(self.command, self.path, body, dict(self.headers))
                    said = upstream.getresponse()
                    self.answer(said.status, dict(said.getheaders()), said.read())
                finally:
                    upstream.close()

            def answer(self, status: int, headers: dict[str, str], body: bytes) -> None:
                self.send_response_only(status)
                for name, value in headers.items():
                    if name.lower() not in ("content-length", "transfer-encoding", "connection"):
                        self.send_header(name, value)
                length = headers.get("Content-Length", "0") if self.command == "HEAD" else str(len(body))
                self.send_header("Content-Length", length)
                self.end_headers()
                self.wfile.write(body)

            do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = pass_on  # noqa: N815

            def send_error(self, code: int, *words: object) -> None:
                # What Go's servers say to a client that tries TLS: from this the engine knows to try without.
                self.wfile.write(f"HTTP/1.0 {code} Bad Request\r\n\r\n".encode())
                self.close_connection = True

            def log_message(self, *words: object) -> None:
                pass

        self.server = _Server(("127.0.0.1", 0), Handler)
        self.address = f"127.0.0.1:{self.server.server_address[1]}"

    def __enter__(self) -> "Proxy":
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *error: object) -> None:
        self.released.set()
        self.server.shutdown()
        self.server.server_close()

    def layers(self) -> list[str]:
        """The digests of the blobs that were asked for."""
        return [path.rsplit("/", 1)[1] for method, path in self.seen if method == "GET" and "/blobs/" in path]


@contextmanager
def empty_engine() -> Iterator[str]:
    """A second engine of the same programs with a store of its own, which has nothing yet: its DOCKER_HOST."""
    dockerd, environ = program("dockerd")
    if os.getuid() != 0:
        pytest.skip("only root may start an engine")
    folder = Path(tempfile.mkdtemp(prefix="edgebench-", dir="/var/tmp"))  # the path of a socket must be short
    config = {
        "data-root": str(folder / "data"),
        "exec-root": str(folder / "run"),
        "pidfile": str(folder / "pid"),
        "hosts": [f"unix://{folder}/socket"],
        "features": {"containerd-snapshotter": True},
        "bridge": "none",
        "iptables": False,
        "ip6tables": False,
    }
    (folder / "daemon.json").write_text(json.dumps(config))
    for name in ("DOCKER_HOST", "DOCKER_CONFIG", "DOCKER_CONTEXT"):
        environ.pop(name, None)
    with (folder / "log").open("w") as log:
        command = [dockerd, "--config-file", str(folder / "daemon.json")]
        process = subprocess.Popen(command, env=environ, stdout=log, stderr=log, start_new_session=True)
    try:
        wait_for_engine(f"unix://{folder}/socket", process, folder / "log")
        yield f"unix://{folder}/socket"
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=60)
        mounts = [line.split()[4] for line in Path("/proc/self/mountinfo").read_text().splitlines()]
        for mount in sorted((each for each in mounts if each.startswith(f"{folder}/")), reverse=True):
            subprocess.run(["umount", "-l", mount], check=False)
        shutil.rmtree(folder)


def wait_for_engine(host: str, process: subprocess.Popen[bytes], log: Path) -> None:
    """Wait until the engine answers; the test fails with its log when it ends before."""
    for _ in range(300):
        try:
            client = docker.DockerClient(base_url=host)
        except docker.errors.DockerException:
            time.sleep(0.2)
        else:
            client.close()
            return
        if process.poll() is not None:
            break
    pytest.fail(f"the second engine does not start: {log.read_text()[-2000:]}")


def log_in(folder: Path, address: str, user: str = USER, password: str = PASSWORD) -> dict[str, str]:
    """What `docker login` leaves behind, in a folder of the test's own: the environment that names it."""
    folder.mkdir(exist_ok=True)
    auth = base64.b64encode(f"{user}:{password}".encode()).decode()
    config = folder / "config.json"
    config.write_text(json.dumps({"auths": {address: {"auth": auth}}}))
    os.utime(config, (0, 0))  # or setup/env would take it for the user's own, newer than its copy
    return {"DOCKER_CONFIG": str(folder)}
