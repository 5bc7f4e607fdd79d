"""The decisions of setup/: which engine is used, and what is said where none can be had. No engine, no network."""

from __future__ import annotations

import json
import os
import shutil
import socketserver
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

TOP = Path(__file__).resolve().parents[3]
TOOLS = """
awk bash cat chmod cut date dirname env grep head id ln mkdir mktemp mv rm sed sha256sum sleep sort timeout tr uname
"""
DEBIAN = 'ID=debian\nVERSION_ID="12"\nVERSION_CODENAME=bookworm\n'


class Machine:
    """A PATH with basic tools and fakes only, an os-release, an empty home and an empty cache."""

    def __init__(self, folder: Path) -> None:
        self.bin = folder / "bin"
        self.bin.mkdir()
        self.cache = folder / "cache"
        for tool in TOOLS.split():
            if path := shutil.which(tool):
                (self.bin / tool).symlink_to(path)
        self.fake("uname", "echo Linux")
        self.release = folder / "os-release"
        self.env = {
            "PATH": str(self.bin),
            "HOME": str(folder / "home"),
            "EDGEBENCH_CACHE": str(self.cache),
            "EDGEBENCH_OS_RELEASE": str(self.release),
            "EDGEBENCH_UID": "1000",
            "DOCKER_HOST": f"unix://{folder}/absent.sock",  # this machine's own engine must not decide a test
        }
        self.system(DEBIAN)

    def system(self, text: str) -> None:
        self.release.write_text(text)

    def fake(self, name: str, script: str) -> None:
        path = self.bin / name
        path.unlink(missing_ok=True)
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)

    def run(self, program: str, *args: str, **env: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [f"{TOP}/setup/{program}", *args],
            env=self.env | env,
            text=True,
            capture_output=True,
            timeout=60,
            check=False,
        )


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


@pytest.fixture
def engine_socket(tmp_path: Path) -> Iterator[Path]:
    """An engine that knows one answer: OK to a ping."""

    class Answer(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            self.rfile.readline()
            self.wfile.write(b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nOK")

    path = tmp_path / "e.sock"
    if len(str(path)) > 100:
        pytest.skip("the temporary folder's name is too long for a socket")
    with socketserver.ThreadingUnixStreamServer(str(path), Answer) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield path
        server.shutdown()


def one_line(text: str) -> str:
    lines = text.strip().splitlines()
    assert len(lines) == 1, text
    return lines[0]


def test_no_engine_and_no_root_names_the_command_that_helps(machine: Machine) -> None:
    done = machine.run("engine", "up")
    assert done.returncode == 3
    assert "sudo apt-get install docker.io docker-buildx" in one_line(done.stderr)
    assert not machine.cache.exists()


@pytest.mark.parametrize(
    ("release", "words"),
    [
        ("ID=fedora\n", "only made on Debian and Ubuntu"),
        ("", "this is unknown"),
        ('ID=debian\nVERSION_ID="11"\nVERSION_CODENAME=bullseye\n', "needs Debian 12 or later"),
    ],
)
def test_a_system_without_a_private_engine_is_named(machine: Machine, release: str, words: str) -> None:
    machine.system(release)
    done = machine.run("engine", "up", EDGEBENCH_UID="0")
    assert done.returncode == 3
    assert words in one_line(done.stderr)
    assert not machine.cache.exists()


def test_a_cache_path_that_debootstrap_cannot_take_is_refused_early(machine: Machine) -> None:
    done = machine.run("engine", "up", EDGEBENCH_UID="0", EDGEBENCH_CACHE=f"{machine.cache} 2")
    assert (done.returncode, "set EDGEBENCH_CACHE" in one_line(done.stderr)) == (3, True)


def test_mac_is_sent_to_docker_desktop(machine: Machine) -> None:
    machine.fake("uname", "echo Darwin")
    machine.system("")
    assert "Docker Desktop" in one_line(machine.run("engine", "up").stderr)


def test_why_not_says_the_same_and_is_silent_where_an_engine_can_be_made(machine: Machine) -> None:
    done = machine.run("engine", "why-not")
    assert (done.returncode, "sudo apt-get" in one_line(done.stdout)) == (3, True)
    done = machine.run("engine", "why-not", EDGEBENCH_UID="0")
    assert (done.returncode, done.stdout) == (0, "")


def test_an_answering_engine_is_used_and_nothing_is_made(machine: Machine) -> None:
    machine.fake("docker", 'case "$1" in info|buildx) exit 0 ;; *) exit 9 ;; esac')
    done = machine.run("engine", "up", EDGEBENCH_UID="0")
    assert done.returncode == 0
    assert "nothing about it is changed" in one_line(done.stderr)
    assert not machine.cache.exists()
    assert machine.run("engine", "socket").stdout == "\n"
    before = machine.env["DOCKER_HOST"]
    done = machine.run("env", "env")
    assert "EDGEBENCH_ENGINE=user" in done.stdout
    assert f"DOCKER_HOST={before}\n" in done.stdout
    assert "DOCKER_CONFIG=" not in done.stdout


@pytest.mark.parametrize("client", ["curl", "python3"])
def test_an_engine_without_the_docker_command_is_recognised(machine: Machine, engine_socket: Path, client: str) -> None:
    path = shutil.which(client)
    if path is None:
        pytest.skip(f"{client} is not installed")
    machine.fake(client, f'PATH={os.environ["PATH"]} exec {path} "$@"')
    done = machine.run("engine", "status", DOCKER_HOST=f"unix://{engine_socket}")
    assert (done.returncode, done.stdout) == (0, f"engine: the user's own on unix://{engine_socket}\n")


def test_status_socket_and_base_say_that_none_answers(machine: Machine) -> None:
    status = machine.run("engine", "status")
    assert (status.returncode, status.stdout.splitlines()[0]) == (3, "engine: none")
    assert machine.run("engine", "socket").returncode == 3
    base = machine.run("base")
    assert (base.returncode, "setup/engine up" in one_line(base.stderr)) == (3, True)


def test_env_runs_the_command_where_no_engine_answers(machine: Machine) -> None:
    done = machine.run("env", "bash", "-c", 'echo "$EDGEBENCH_ENGINE"; exit 7')
    assert (done.returncode, done.stdout) == (7, "none\n")


def test_a_users_engine_that_cannot_pull_is_told_what_to_do(machine: Machine) -> None:
    machine.fake("docker", '[ "$1" = info ] || [ "$*" = "buildx version" ]')
    done = machine.run("base")
    assert done.returncode == 3
    assert "docker load" in done.stderr.splitlines()[-1]
    assert not machine.cache.exists()


@pytest.mark.parametrize("arguments", [[], ["sideways"], ["up", "now"], ["down", "--wip"]])
def test_usage(machine: Machine, arguments: list[str]) -> None:
    done = machine.run("engine", *arguments)
    assert (done.returncode, "usage:" in one_line(done.stderr)) == (2, True)


def test_down_without_an_engine_is_no_error(machine: Machine) -> None:
    done = machine.run("engine", "down")
    assert (done.returncode, "nothing to stop" in one_line(done.stderr)) == (0, True)


def library(machine: Machine, script: str, **env: str) -> str:
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", f". {TOP}/setup/lib.sh; . {TOP}/setup/packages.sh; {script}"],
        env=machine.env | {"PATH": os.environ["PATH"]} | env,
        text=True,
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("own", ["{}", "", '{"auths": {"registry.example": {"auth": "eA=="}}}', "{\n}\n"])
def test_the_private_configuration_keeps_the_users_logins(machine: Machine, own: str) -> None:
    plugins = machine.cache / "engine/root/usr/libexec/docker/cli-plugins"
    plugins.mkdir(parents=True)
    machine.fake("x", "")
    (machine.bin / "x").rename(plugins / "docker-buildx")
    user = Path(machine.env["HOME"]) / ".docker"
    user.mkdir(parents=True)
    if own:
        (user / "config.json").write_text(own)
    library(machine, "private_config")
    made = json.loads((machine.cache / "docker-config/config.json").read_text())
    assert made.pop("cliPluginsExtraDirs") == [str(user / "cli-plugins"), str(plugins)]
    assert made == json.loads(own or "{}")
    assert not own or (user / "config.json").read_text() == own


@pytest.mark.parametrize(("free", "said"), [(7_900_000, "only 7 GB are free where"), (8_100_000, "")])
def test_a_disk_with_too_little_room_is_said_first(machine: Machine, free: int, said: str) -> None:
    machine.fake("df", f"printf 'Filesystem 1024-blocks Used Available\\n/dev/x 1 1 {free} 1%% /\\n'")
    heard = library(machine, "need_room 8 2>&1", PATH=f"{machine.bin}:{os.environ['PATH']}")
    assert said in heard
    assert bool(heard) == bool(said)


def test_a_long_cache_path_moves_the_socket(machine: Machine) -> None:
    socket = library(machine, 'echo "$SOCKET"', EDGEBENCH_CACHE="/tmp/" + "x" * 120).strip()
    assert socket.startswith("/run/edgebench-")
    assert len(socket) < 100


def test_only_the_distributions_own_sources_are_taken_and_renamed(machine: Machine, tmp_path: Path) -> None:
    apt = tmp_path / "apt"
    (apt / "sources.list.d").mkdir(parents=True)
    (apt / "sources.list").write_text(
        "# deb http://mirror.example/debian bookworm main\n"
        "deb [signed-by=/k.gpg] http://mirror.example/debian bookworm main contrib\n"
        "deb http://mirror.example/security bookworm-security main\n"
        "deb-src http://mirror.example/debian bookworm main\n"
        "deb http://other.example/apt bookworm stable\n"
    )
    (apt / "sources.list.d/debian.sources").write_text(
        "Types: deb deb-src\nURIs: http://two.example/debian\n# words\nSuites: bookworm bookworm-updates x-pgdg\n"
        "Components: main\nSigned-By: /k.gpg\n\n"
        "Types: deb\nURIs: http://off.example/debian\nSuites: bookworm\nComponents: main\nEnabled: no\n\n"
        "Types: deb\nURIs: http://node.example\nSuites: nodistro\nComponents: main\n"
    )
    sources = machine.cache / "apt/sources"
    sources.mkdir(parents=True)
    library(machine, "own_sources trixie bookworm", EDGEBENCH_APT_DIR=str(apt))
    assert (sources / "trixie.list").read_text() == (
        "deb [signed-by=/k.gpg] http://mirror.example/debian trixie main contrib\n"
        "deb http://mirror.example/security trixie-security main\n"
    )
    assert (sources / "trixie.sources").read_text().strip() == (
        "Types: deb\nURIs: http://two.example/debian\nSuites: trixie trixie-updates\n"
        "Components: main\nSigned-By: /k.gpg"
    )


def test_venv_without_a_python_says_what_to_install(machine: Machine, tmp_path: Path) -> None:
    machine.fake("python3", "exit 1")
    done = machine.run("venv", EDGEBENCH_VENV=str(tmp_path / "venv"))
    assert done.returncode == 2
    assert "apt-get install python3.11 python3.11-venv" in one_line(done.stderr)
    assert not (tmp_path / "venv").exists()


def test_venv_without_ensurepip_names_the_package(machine: Machine, tmp_path: Path) -> None:
    machine.fake("python3", 'case "$2" in *ensurepip*) exit 1 ;; *%d*) echo 3.12 ;; esac')
    done = machine.run("venv", EDGEBENCH_VENV=str(tmp_path / "venv"))
    assert done.returncode == 2
    assert "python3.12-venv" in one_line(done.stderr)
