"""What spoils a measurement, done on purpose to an arm: each of it must be noticed.

cpu-quota      a container may use half of its CPUs' time, as `docker run --cpus` does
other-library  a container with the framework's largest library in another build: all that a rebuilt or upgraded
               library shows is another build id, and that is what the copy has
throttled      the kernel counts one more thermal throttling: no clock can be slowed down on demand, so what counts
               it is a processor of ours in a tree beside the real ones (Throttles)
foreign-load   another process computes on each of the launch's CPUs
"""

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from docker.types import Mount

from bench.arms.container import ContainerArm
from bench.arms.launch import Arm, Outcome, Spec
from bench.arms.rootfs import unpack_image
from bench.core import cpus as cpu_lists
from bench.core.errors import HostError
from bench.core.paths import cache
from runner.libraries import identity

PERIOD_US = 100_000


class QuotaArm(ContainerArm):
    """A container with a quota of half its cpuset's time."""

    def options(self, spec: Spec) -> dict[str, Any]:
        """The container's keywords, with the quota."""
        quota = len(cpu_lists.parse(spec.cpus)) * PERIOD_US // 2
        return {**super().options(spec), "cpu_period": PERIOD_US, "cpu_quota": quota}


class LibraryArm(ContainerArm):
    """A container in which one library is another build."""

    def prepare(self, framework: str) -> None:
        """Find the image, and make the copy once per image. Raises HostError when nothing in it is a library."""
        super().prepare(framework)
        self.copied = _other_build(unpack_image(self.engine, self.images[framework]))

    def options(self, spec: Spec) -> dict[str, Any]:
        """The container's keywords, with the copy in place of the library."""
        words = super().options(spec)
        place, copy = self.copied
        return {**words, "mounts": [*words["mounts"], Mount(place, str(copy), type="bind", read_only=True)]}


@dataclass
class LoadedArm:
    """An arm beside which other processes compute."""

    name: str
    inner: Arm

    def prepare(self, framework: str) -> None:
        """As the arm itself."""
        self.inner.prepare(framework)

    def launch(self, spec: Spec) -> Outcome:
        """One launch, and one spinning process on each of its CPUs until it ends."""
        with spinning(spec.cpus):
            return self.inner.launch(spec)


class Throttles:
    """A tree like `/` in which one more processor counts thermal throttlings; all else in it is the real one.

    `root` is for bench.hosts.monitor.Watch. It is made anew in `folder`.
    """

    def __init__(self, folder: Path) -> None:
        self.root = folder
        cpus = folder / "sys/devices/system/cpu"
        self.counter = cpus / "cpu9999/thermal_throttle/core_throttle_count"
        shutil.rmtree(folder, ignore_errors=True)
        self.counter.parent.mkdir(parents=True)
        self.counter.write_text("0")
        for real in ("proc", "sys/class", "sys/devices/platform"):
            (folder / real).symlink_to(Path("/", real))
        for real_cpu in Path("/sys/devices/system/cpu").glob("cpu[0-9]*"):
            (cpus / real_cpu.name).symlink_to(real_cpu)

    def one_more(self) -> None:
        """The processor was throttled."""
        self.counter.write_text(str(int(self.counter.read_text()) + 1))


@dataclass
class ThrottledArm:
    """An arm in whose launches the processor is throttled, as far as the kernel's counter says."""

    name: str
    inner: Arm
    throttles: Throttles

    def prepare(self, framework: str) -> None:
        """As the arm itself."""
        self.inner.prepare(framework)

    def launch(self, spec: Spec) -> Outcome:
        """One launch, and one throttling."""
        outcome = self.inner.launch(spec)
        self.throttles.one_more()
        return outcome


@contextmanager
def spinning(cpus: str) -> Iterator[list[int]]:
    """A process that computes on each of these CPUs; gives their ids. They die with us, however we end."""
    started = []
    try:
        for cpu in cpu_lists.parse(cpus):
            words = ["setpriv", "--pdeathsig", "KILL", "taskset", "--cpu-list", str(cpu)]
            loop = ["sh", "-c", "while :; do :; done"]
            started.append(subprocess.Popen([*words, *loop], stdin=subprocess.DEVNULL, start_new_session=True))
        yield [process.pid for process in started]
    except FileNotFoundError as error:
        raise HostError(f"{error.filename} is not on this host", "install util-linux") from None
    finally:
        for process in started:
            process.kill()
            process.wait()


def _other_build(root: Path) -> tuple[str, Path]:
    """Where the largest library of an unpacked image's packages is, and a copy of it with another build id."""
    packages = root.glob("opt/venv/lib/python*/site-packages/**/*.so*")
    found = sorted((path for path in packages if path.is_file() and not path.is_symlink()), key=_size)
    if not found:
        raise HostError(f"no package below {root} has a library", "take another framework: --framework onnxruntime")
    library = found[-1]
    copy = cache() / "selftest" / root.name / library.name
    if not copy.exists():
        copy.parent.mkdir(parents=True, exist_ok=True)
        partial = copy.with_name(f"partial-{copy.name}")
        partial.write_bytes(_rebuilt(library))
        partial.chmod(0o644)
        partial.rename(copy)
    return str(Path("/", library.relative_to(root))), copy


def _rebuilt(library: Path) -> bytes:
    """A library's bytes with one bit of its build id changed; one byte longer where it has none."""
    content, name = library.read_bytes(), str(identity(str(library)))  # type: ignore[no-untyped-call]
    if name.startswith("sha256:"):
        return content + b"\0"
    own = bytes.fromhex(name)
    return content.replace(own, bytes([own[0] ^ 1]) + own[1:], 1)


def _size(path: Path) -> int:
    return path.stat().st_size
