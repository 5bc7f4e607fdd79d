"""Virtual environments of the native arm on a board: the board's Python, and the wheels of the image's lock file.

bench downloads the wheels for the board's Python and C library and copies them with its own pip: the board needs no
package index, and the packages have the hashes of the lock file.
"""

import subprocess
import sys
import tempfile
from pathlib import Path, PurePosixPath

import pip

from bench.core.errors import HostError
from bench.core.matrix.platforms import platform_of
from bench.core.matrix.schema import Matrix
from bench.core.paths import PROJECT
from bench.images.local import lock_file
from bench.images.venvs import vendor_index
from bench.remote.agent_client import AgentClient
from bench.remote.cache import RemoteCache
from bench.remote.failures import disk_failure, is_disk_full
from runner.protocol import hash_artifact, hash_runner

INSTALL = 1800.0  # seconds: a memory card and a slow processor unpack large packages
OLD = {"x86_64": ("manylinux1", "manylinux2010", "manylinux2014"), "aarch64": ("manylinux2014",)}
FIND = """for python in python{version} $HOME/.pyenv/versions/{version}.*/bin/python /opt/python{version}/bin/python; do
  command -v "$python" >/dev/null || continue
  "$python" -c 'import sys; sys.exit("%d.%d" % sys.version_info[:2] != "{version}")' && command -v "$python" && exit
done; exit 1"""


class Environments:
    """Makes the virtual environments of a board."""

    def __init__(self, board: AgentClient, cache: RemoteCache, matrix: Matrix) -> None:
        self.board, self.cache, self.matrix = board, cache, matrix

    def python(self, framework: str) -> str:
        """Return the interpreter of a framework's environment; make it if it is missing. Raises HostError."""
        version = self.matrix.frameworks[framework].python
        lock = lock_file(framework, platform_of(self.board.machine))
        name = f"py{version}-{_short(hash_artifact(str(lock)))}-{_short(hash_runner())}"  # type: ignore[no-untyped-call]
        folder = PurePosixPath(self.board.cache, "native", name)
        if self.board.stat(str(folder)) is None:
            self._install(folder, lock, version)
        return str(folder / "bin" / "python")

    def _install(self, folder: PurePosixPath, lock: Path, version: str) -> None:
        base = self._find(version)
        with tempfile.TemporaryDirectory() as temporary:
            wheels = Path(temporary) / "wheels"
            self._fetch(lock, version, wheels)
            there = self.cache.put(wheels)
        runner = self.cache.put(PROJECT / "runner", hash_runner())
        locked = self.cache.put(lock)
        with self.cache.partial(folder) as partial:
            # This copies nothing and needs no ensurepip; the interpreter finds its folder by its own path.
            self._call([base, "-m", "venv", "--without-pip", partial], "a virtual environment cannot be made")
            python = f"{partial}/bin/python"
            words = ["install", "--quiet", "--no-index", "--find-links", str(there), "--no-deps", "--require-hashes"]
            command = [*self._pip(python, base), *words, "--disable-pip-version-check", "-r", str(locked)]
            self._call(command, f"the packages of {lock.parent.name} cannot be installed")
            site = f"{partial}/lib/python{version}/site-packages"
            self._call(["cp", "-r", str(runner), f"{site}/runner"], "the runner cannot be copied")
            self._call([python, "-m", "compileall", "-q", f"{site}/runner"], "the runner cannot be compiled")
        self.board.call("remove", path=str(there.parent))  # large, and not needed any more

    def _find(self, version: str) -> str:
        said = self.board.run(["sh", "-c", FIND.format(version=version)])
        if said.code:
            what = f"Python {version} is not on {self.board.address}"
            raise HostError(what, "install it there, or leave the native arm out with --arms")
        return said.out.strip()

    def _fetch(self, lock: Path, version: str, wheels: Path) -> None:
        """Download the packages of the lock file for the board with the local pip."""
        words = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"]
        words += ["--require-hashes", "--only-binary=:all:", "--python-version", version, "--implementation", "cp"]
        words += [word for tag in self._tags() for word in ("--platform", tag)]
        done = subprocess.run(
            [*words, *vendor_index(lock), "-r", str(lock), "-d", str(wheels)], capture_output=True, text=True
        )
        if done.returncode:
            last = "\n".join((done.stderr or done.stdout).strip().splitlines()[-5:])
            what = f"the packages of {lock} cannot be fetched for {self.board.address}:\n{last}"
            raise HostError(what, "is the package index within reach? Or leave the native arm out with --arms")

    def _tags(self) -> list[str]:
        """Return the platform tags of wheels that run on the board, newest first."""
        machine, libc = self.board.machine, str(self.board.facts["libc"])
        minor = int(libc.partition(".")[2]) if libc.startswith("2.") and libc[2:].isdigit() else 17
        return [f"{tag}_{machine}" for tag in (*(f"manylinux_2_{each}" for each in range(minor, 4, -1)),
                                              *OLD.get(machine, ()), "linux")]  # fmt: skip

    def _pip(self, python: str, base: str) -> list[str]:
        """Return a pip command for this interpreter: our pip, or the bundled one if ours is too new."""
        ours = str(self.cache.put(Path(pip.__file__).parent))
        if self.board.run([python, ours, "--version"]).code == 0:
            return [python, ours]
        find = "import ensurepip, glob, os; print(*glob.glob(os.path.dirname(ensurepip.__file__) + '/_bundled/pip-*'))"
        bundled = self.board.run([base, "-c", find]).out.split()
        return [python, f"{bundled[0]}/pip"] if bundled else [python, ours]

    def _call(self, words: list[str], what: str) -> None:
        said = self.board.run(words, timeout=INSTALL)
        if said.code:
            if is_disk_full(said.err):
                raise disk_failure(self.board.address, self.board.cache, said.err)
            last = "\n".join((said.err or said.out).strip().splitlines()[-5:])
            raise HostError(f"{what} on {self.board.address}:\n{last}", "leave the native arm out with --arms")


def _short(digest: str) -> str:
    return digest[:12]
