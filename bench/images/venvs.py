"""Makes virtual environments from lock files, each once and atomically."""

import compileall
import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from bench.core.errors import HostError
from bench.core.paths import cache
from bench.images.pip_site import local_folders, pip_settings


def ensure_venv(lock: Path, version: str, packages: Sequence[Path] = ()) -> Path:
    """The interpreter of an environment with exactly the packages of the lock file and our own `packages`.

    Frameworks with the same lock file, such as TensorFlow and Keras, share it. Like the image it has no pip.
    `version` is Python's, such as `3.11`. Raises HostError when there is no such Python or pip fails.
    """
    files_digest = hashlib.sha256(lock.read_bytes()).hexdigest()[:12]
    folder = cache() / "native" / f"py{version}-{files_digest}"
    if not folder.is_dir():
        partial = folder.with_name(f"partial-{folder.name}-{os.getpid()}")
        try:
            _install(partial, lock, version)
            partial.rename(folder)
        finally:
            shutil.rmtree(partial, ignore_errors=True)
    for package in packages:
        _copy(package, folder / "lib" / f"python{version}" / "site-packages" / package.name)
    return folder / "bin" / "python"


def _install(folder: Path, lock: Path, version: str) -> None:
    python = find_python(version)
    # Without pip nothing is copied and ensurepip is not needed; the interpreter finds its folder by its own path.
    _call([python, "-m", "venv", "--without-pip", str(folder)], f"a virtual environment for {lock.parent.name}")
    # --no-deps: a lock file is complete, and models/ncnn leaves out requirements of pnnx on purpose.
    words = ["install", "--quiet", "--require-hashes", "--no-deps", *vendor_index(lock), "-r", str(lock)]
    _call([*_pip(folder / "bin" / "python"), *words], f"the packages of {lock}")


def _pip(python: Path) -> list[str]:
    """The command of a pip for this interpreter: bench's own, or the bundled one if that is too new."""
    own = [sys.executable, "-m", "pip", "--python", str(python)]
    if subprocess.run([*own, "--version"], capture_output=True).returncode == 0:
        return own
    find = "import ensurepip, glob, os; print(*glob.glob(os.path.dirname(ensurepip.__file__) + '/_bundled/pip-*.whl'))"
    bundled = subprocess.run([str(python), "-c", find], capture_output=True, text=True).stdout.split()
    return [str(python), f"{bundled[0]}/pip"] if bundled else own


def vendor_index(lock: Path) -> list[str]:
    """The options for the vendor's index; none if the wheel is on this machine (images/base/make-venv does the same).

    The file `vendor.txt` (`vendor.arm64.txt` beside requirements.arm64.txt) names the package and the index.
    """
    file = lock.with_name(lock.name.replace("requirements", "vendor"))
    if not file.exists():
        return []
    package, index = file.read_text(encoding="utf-8").split()
    folders = local_folders(pip_settings(os.environ).get("find-links", "").split())
    here = any(path for folder in folders for path in folder.glob(f"{package}-*.whl"))
    return [] if here else ["--extra-index-url", index]


def _copy(package: Path, target: Path) -> None:
    """Copy our own package to its place in the environment, unless it is up to date."""
    same = target.is_dir() and _contents(target) == _contents(package)
    if not same:
        shutil.rmtree(target, ignore_errors=True)
        shutil.copytree(package, target, ignore=shutil.ignore_patterns("__pycache__"))
        compileall.compile_dir(str(target), quiet=2)


def _contents(package: Path) -> dict[str, bytes]:
    return {str(path.relative_to(package)): path.read_bytes() for path in sorted(package.rglob("*.py"))}


def find_python(version: str) -> str:
    """A working interpreter of this version: bench's own, one on PATH, or one of pyenv. Raises HostError."""
    for candidate in _candidates(version):
        try:
            said = subprocess.run([candidate, "-c", "import sys; print('%d.%d' % sys.version_info[:2])"],
                                  capture_output=True, text=True, timeout=30)  # fmt: skip
        except OSError:
            continue
        if said.stdout.strip() == version:
            return candidate
    raise HostError(f"Python {version} is not on this host", "install it, or leave the native arm out with --arms")


def _candidates(version: str) -> Iterator[str]:
    yield getattr(sys, "_base_executable", sys.executable)
    if found := shutil.which(f"python{version}"):
        yield found
    pyenv = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
    yield from map(str, sorted(pyenv.glob(f"versions/{version}.*/bin/python"), reverse=True))


def _call(command: Sequence[str], what: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        last = "\n".join((done.stderr or done.stdout).strip().splitlines()[-5:])
        raise HostError(f"{what} could not be installed:\n{last}", "is the package index within reach?")
