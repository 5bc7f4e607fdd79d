"""Runs one step of a model build: in the step's image or, without an engine, in a host environment."""

import os
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import docker
import requests
from docker.types import Mount

from bench.core.errors import HostError
from bench.core.matrix.artifact_kind import Kind
from bench.core.paths import PROJECT
from bench.images import bake
from bench.images import engine as engines
from bench.images.local import PREFIX, RECIPE, compiled_frameworks, native_platform, recipe_hash
from bench.images.prune import tidy
from bench.images.venvs import ensure_venv

RUN = "models"  # the run that these containers belong to: `bench matrix clean` finds what a killed build left
MEMORY = 6 * 2**30  # bytes; the limit of a step that reads a user's file
SECONDS = 3600  # no network takes this long to convert; a converter that hangs must end
TIMED_OUT = 124  # the exit code of a step that took too long, as of `timeout`
PYTHON = "3.11"  # as in the images
REPEATED = {"PYTHONHASHSEED": "0"}  # fixes the order of sets, so that converters write the same bytes


@dataclass(frozen=True, kw_only=True)
class Step:
    """One call of `python -m models.<name>`: which model, in which kinds, from which files (option → path).

    `reads_user_file`: the step reads a user's file, or an artifact of one.
    """

    name: str
    model: str
    kinds: Sequence[Kind]
    given: Mapping[str, Path]
    words: Sequence[str] = ()  # further options of the step
    reads_user_file: bool = False

    def command(self, out: Path | str, given: Mapping[str, str]) -> list[str]:
        """Return the arguments after the interpreter, with paths as the step sees them."""
        kinds = [f"--kind={kind}" for kind in self.kinds]
        files = [f"--{option}={path}" for option, path in given.items()]
        return ["-m", f"models.{self.name}", self.model, f"--out={out}", *kinds, *files, *self.words]


class StepRunner(Protocol):
    """Runs steps. Only a runner that is `apart` (isolated from this machine) may read a user's file."""

    apart: bool

    def prepare(self, name: str) -> None:
        """Prepare what the step needs. Raises HostError."""

    def run(self, step: Step, out: Path) -> tuple[int, str]:
        """Run a step to its end; it writes into the folder `out`. Return its exit code and output."""


class ContainerStepRunner:
    """Runs steps in their images: no network, read-only root, the caller's uid. Containers are removed afterwards."""

    apart = True

    def __init__(self, engine: docker.DockerClient, *, seconds: int = SECONDS) -> None:
        self.engine, self.seconds = engine, seconds

    def prepare(self, name: str) -> None:
        """Build the step's image, unless it exists with the same recipe."""
        image, recipe = f"models-{name}", recipe_hash(f"models-{name}")
        with suppress(docker.errors.ImageNotFound):
            if self.engine.images.get(f"{PREFIX}{image}:{native_platform()}").labels.get(RECIPE) == recipe:
                return
        bake.build([image])
        tidy()

    def run(self, step: Step, out: Path) -> tuple[int, str]:
        """Run one container."""
        memory = MEMORY if step.reads_user_file else None
        inside = {option: f"/in/{option}/{path.name}" for option, path in step.given.items()}
        seen = {PROJECT / "models": "/project/models", **{step.given[option]: inside[option] for option in inside}}
        settings: dict[str, Any] = {
            "mounts": [
                *(Mount(target, str(source), type="bind", read_only=True) for source, target in seen.items()),
                Mount("/out", str(out), type="bind"),
            ],
            "working_dir": "/out",
            "environment": {"PYTHONPATH": "/project", "HOME": "/tmp", **REPEATED},
            "user": f"{os.getuid()}:{os.getgid()}",
            "network_mode": "none",
            "read_only": True,
            "tmpfs": {"/tmp": ""},
            "cap_drop": ["ALL"],
            "security_opt": ["no-new-privileges"],
            "init": True,
            "mem_limit": memory,
            "memswap_limit": memory,
        }
        image = f"{PREFIX}models-{step.name}:{native_platform()}"
        try:
            with self._started(image, step.command("/out", inside), settings) as container:
                code = self._wait(container)
                return code, container.logs().decode(errors="replace")
        except engines.ENGINE_GONE as error:
            raise engines.gone(error) from error

    def _wait(self, container: Any) -> int:
        """Return the exit code, or TIMED_OUT if the container took too long and was killed."""
        try:
            return int(container.wait(timeout=self.seconds)["StatusCode"])
        except requests.exceptions.ConnectionError as error:  # the SDK raises this when a wait times out
            if "timed out" not in str(error).lower():
                raise
            container.kill()
            return TIMED_OUT

    @contextmanager
    def _started(self, image: str, command: list[str], settings: dict[str, Any]) -> Iterator[Any]:
        """Yield a started container; it is removed afterwards, even after Ctrl-C."""
        container = self.engine.containers.create(image, command, labels={engines.LABEL: RUN}, **settings)
        try:
            container.start()
            yield container
        finally:
            engines.remove(container)


class HostStepRunner:
    """Runs steps in virtual environments of this machine, made from the lock files of the images."""

    apart = False

    def __init__(self) -> None:
        self.pythons: dict[str, Path] = {}

    def prepare(self, name: str) -> None:
        """Install the step's environment, once. Raises HostError for a step that needs its image."""
        if name in compiled_frameworks():
            what = f"the step {name} tries its models with {name} itself, which is compiled in an image"
            raise HostError(what, "start an engine with `make engine-up`, or name other formats with --format")
        lock = PROJECT / "models" / name / "requirements.txt"
        self.pythons[name] = ensure_venv(lock, PYTHON)

    def run(self, step: Step, out: Path) -> tuple[int, str]:
        """Run one process."""
        assert not step.reads_user_file, "nothing would keep the file from this machine"
        given = {option: str(path) for option, path in step.given.items()}
        done = subprocess.run(
            [str(self.pythons[step.name]), "-B", *step.command(out, given)],
            cwd=out,
            env={"PYTHONPATH": str(PROJECT), "HOME": str(out), "PATH": os.defpath, **REPEATED},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=SECONDS,
        )
        return done.returncode, done.stdout.decode(errors="replace")
