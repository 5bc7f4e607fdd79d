"""A board for tests: a network namespace with a real sshd and a real engine in it, and folders of its own.

Nothing of it can be reached from outside the namespace, nor reaches out: ssh comes in by a ProxyCommand that enters it.
All of it ends by the process ids that it was started with.
"""

import getpass
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path

import docker

from bench.core.errors import HostError
from bench.core.paths import cache
from bench.images.venvs import find_python

NAME = "edgebench-board"  # as ssh's config has it
# Enter a namespace and be a pipe to a port of its loopback: what a cable would be.
PIPE = """
import os, socket, sys, threading
end = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
def upward():
    while piece := os.read(0, 65536):
        end.sendall(piece)
    end.shutdown(socket.SHUT_WR)
threading.Thread(target=upward, daemon=True).start()
while piece := end.recv(65536):
    os.write(1, piece)
"""
PORT = 2222


def lacking() -> str | None:
    """Why no board can be made here; None where it can."""
    if os.getuid():
        return "a network namespace needs root"
    programs = ("ssh", "ssh-keygen", "ip", "nsenter")
    if away := [name for name in programs if not shutil.which(name)]:
        return f"{away[0]} is not installed"
    if not _sshd():
        return "there is no sshd: apt-get install openssh-server"
    return None if _dockerd() else "there is no dockerd to start a second engine with"


def _sshd() -> str | None:
    return shutil.which("sshd", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")


def _dockerd() -> Path | None:
    """The engine's own program, of the private engine or of the system."""
    private = cache() / "engine" / "root" / "usr" / "sbin" / "dockerd"
    system = shutil.which("dockerd")
    return private if private.exists() else Path(system) if system else None


FREQUENCIES = Path("/sys/devices/system/cpu/cpufreq")


class FakeBoard:
    """The board, between `start` and `stop`. `env` is what bench needs to reach it by `ssh://edgebench-board`."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.cache = folder, folder / "cache"
        self.netns = f"eb-{os.getpid()}"
        self.address = f"ssh://{NAME}"
        self.socket = folder / "docker.sock"
        # A socket's path is short, and containerd makes long ones.
        self.state = Path(tempfile.mkdtemp(prefix="ebb-", dir="/run"))
        self.sshd: subprocess.Popen[bytes] | None = None
        self.dockerd: subprocess.Popen[bytes] | None = None

    @property
    def env(self) -> dict[str, str]:
        """What is added to bench's environment. A desk of its own, too: the host's lock is the board's then."""
        return {"EDGEBENCH_SSH": f"ssh -F {self.folder / 'ssh_config'}"}

    def start(self) -> None:
        """Make the namespace, keys and configuration, and start both programs."""
        self.folder.mkdir(parents=True, exist_ok=True)
        _call("ip", "netns", "add", self.netns)
        _call("ip", "-n", self.netns, "link", "set", "lo", "up")
        for name in ("host", "user"):
            self.key(name)
        keys = self.folder / "authorized_keys"
        keys.write_text((self.folder / "user.pub").read_text())
        keys.chmod(0o600)
        self.know()
        (self.folder / "ssh_config").write_text(
            f"Host {NAME}\n"
            f" User {getpass.getuser()}\n IdentityFile {self.folder}/user\n IdentitiesOnly yes\n"
            f" UserKnownHostsFile {self.folder}/known_hosts\n GlobalKnownHostsFile /dev/null\n HostKeyAlias {NAME}\n"
            f" StrictHostKeyChecking yes\n"
            f" ProxyCommand nsenter --net=/run/netns/{self.netns} {sys.executable} {self.folder}/pipe.py {PORT}\n"
        )
        (self.folder / "pipe.py").write_text(PIPE)
        self.start_sshd()
        self.start_engine()

    def key(self, name: str) -> None:
        """A new key pair of this name."""
        path = self.folder / name
        path.unlink(missing_ok=True)
        _call("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(path))

    def know(self) -> None:
        """Have the desk know the board's host key."""
        kind, key, *_ = (self.folder / "host.pub").read_text().split()
        (self.folder / "known_hosts").write_text(f"{NAME} {kind} {key}\n")

    def start_sshd(self, frequencies: Path | None = None) -> None:
        """Start sshd, and wait until it answers. The board's Python is 3.6, as JetPack 4's is, where there is one.

        With `frequencies` this folder is what a login sees as the kernel's of frequency policies, and nobody else does.
        """
        Path("/run/sshd").mkdir(exist_ok=True)  # it changes its root to this, and a package's service makes it
        (self.folder / "sshd_config").write_text(
            f"ListenAddress 127.0.0.1:{PORT}\nHostKey {self.folder}/host\nPidFile none\nUsePAM no\nStrictModes no\n"
            f"AuthorizedKeysFile {self.folder}/authorized_keys\nPasswordAuthentication no\nPermitRootLogin yes\n"
            f"SetEnv EDGEBENCH_CACHE={self.cache} DOCKER_HOST=unix://{self.socket} PATH={self._path()}\n"
        )
        sshd = _sshd()
        assert sshd
        log = (self.folder / "sshd.log").open("ab")
        words = [sshd, "-D", "-e", "-f", str(self.folder / "sshd_config")]
        if frequencies:  # what others mount is still seen
            mount = f'mount --bind "$0" {FREQUENCIES} && exec "$@"'
            words = ["unshare", "--mount", "--propagation", "slave", "sh", "-c", mount, str(frequencies), *words]
        self.sshd = self._inside(words, log)
        self._wait(lambda: b"listening" in (self.folder / "sshd.log").read_bytes(), self.sshd)

    def _path(self) -> str:
        path = os.environ["PATH"]
        with suppress(HostError):
            old, programs = find_python("3.6"), self.folder / "bin"
            programs.mkdir(exist_ok=True)
            (programs / "python3").unlink(missing_ok=True)
            (programs / "python3").symlink_to(old)
            path = f"{programs}:{path}"
        return path

    def stop_sshd(self) -> None:
        """End sshd with all its connections, as a power cut would: nobody says goodbye."""
        assert self.sshd
        for pid in [*_children(self.sshd.pid), self.sshd.pid]:
            _kill(pid, signal.SIGKILL)
        self.sshd.wait()
        (self.folder / "sshd.log").unlink()

    def start_engine(self) -> None:
        """Start dockerd with folders of its own, and wait until it answers."""
        dockerd = _dockerd()
        assert dockerd
        root = dockerd.parents[2]
        (self.folder / "daemon.json").write_text("{}")
        env = dict(os.environ)
        if root != Path("/"):
            env["PATH"] = f"{root}/usr/sbin:{root}/usr/bin:{env['PATH']}"
            libraries = [str(path) for path in (root / "usr/lib", root / "lib") for path in path.glob("*-linux-gnu*")]
            env["LD_LIBRARY_PATH"] = ":".join(libraries)
        words = [str(dockerd), "--config-file", str(self.folder / "daemon.json"), "-H", f"unix://{self.socket}",
                 "--data-root", str(self.folder / "data"), "--exec-root", str(self.state),
                 "--pidfile", str(self.state / "pid"), "--bridge", "none", "--iptables=false",
                 "--ip6tables=false"]  # fmt: skip
        log = (self.folder / "dockerd.log").open("ab")
        self.dockerd = self._inside(words, log, env)
        self._wait(self._answers, self.dockerd)

    def _answers(self) -> bool:
        try:
            client = docker.DockerClient(base_url=f"unix://{self.socket}")
            client.ping()
            client.close()
        except (docker.errors.DockerException, OSError):
            return False
        return True

    def stop(self) -> None:
        """End it all and remove the namespace and the folders."""
        if self.sshd and self.sshd.poll() is None:
            self.stop_sshd()
        if self.dockerd:
            self.dockerd.terminate()
            try:
                self.dockerd.wait(30)
            except subprocess.TimeoutExpired:
                self.dockerd.kill()
                self.dockerd.wait()
        subprocess.run(["ip", "netns", "delete", self.netns])
        for folder in (self.folder, self.state):
            _unmount_below(folder)
            shutil.rmtree(folder, ignore_errors=True)

    def _inside(self, words: list[str], log, env: dict[str, str] | None = None) -> "subprocess.Popen[bytes]":
        entered = ["nsenter", f"--net=/run/netns/{self.netns}", *words]  # not `ip netns exec`, which hides the cgroups
        with log:
            return subprocess.Popen(
                entered, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=env, start_new_session=True
            )

    def _wait(self, what, process: "subprocess.Popen[bytes]") -> None:
        end = time.monotonic() + 60
        while not what():
            logs = [path.read_text()[-800:] for path in self.folder.glob("*.log")]
            assert process.poll() is None, f"it does not start: {logs}"
            assert time.monotonic() < end, f"it does not answer: {logs}"
            time.sleep(0.05)


def _children(pid: int) -> list[int]:
    """All processes below one, the deepest first."""
    try:
        text = " ".join(path.read_text() for path in Path(f"/proc/{pid}/task").glob("*/children"))
    except OSError:
        return []
    return [each for child in map(int, text.split()) for each in (*_children(child), child)]


def _kill(pid: int, number: int) -> None:
    with suppress(ProcessLookupError):
        os.kill(pid, number)


def _unmount_below(folder: Path) -> None:
    points = [line.split()[4] for line in Path("/proc/self/mountinfo").read_text().splitlines()]
    for point in sorted((each for each in points if each.startswith(f"{folder}/")), reverse=True):
        subprocess.run(["umount", "-l", point])


def _call(*words: str) -> None:
    subprocess.run(words, check=True, capture_output=True)
