"""Everything a run needs, found and checked before the first launch."""

import hashlib
from dataclasses import dataclass
from typing import Any

import docker
from rich.console import Console

from bench import engine as engines
from bench.arms import make_arms
from bench.config import Matrix
from bench.errors import ConfigError
from bench.images import native_platform, require
from bench.launching import Arm
from bench.paths import PROJECT
from bench.plan import Plan
from bench.prepare import Prepared, prepare_requests


@dataclass(frozen=True, kw_only=True)
class Ready:
    """The parts of a run: what launches, what is launched, and the names by which both are recorded."""

    engine: docker.DockerClient | None
    arms: dict[str, Arm]
    prepared: dict[str, Prepared]
    images: dict[str, dict[str, Any]]
    artifacts: dict[str, dict[str, Any]]
    locks: dict[str, str]


def make_ready(plan: Plan, matrix: Matrix, threads: int, console: Console, *, quiet: bool) -> Ready:
    """Find the parts, unpacking images and installing environments where needed.

    Raises ConfigError when this machine is not the plan's device, HostError when a part is missing.
    """
    here, offered = native_platform(), matrix.devices[plan.device].platforms
    if here not in offered:
        raise ConfigError(f"this machine is {here}, and the device '{plan.device}' is {' or '.join(offered)}")
    engine = engines.connect() if set(plan.arms) - {"native"} else None
    arms = make_arms(plan.arms, matrix, here, engine)
    prepared = prepare_requests(plan, matrix, threads)
    frameworks = sorted({cell.framework for cell in plan.cells})
    for framework in frameworks:
        for arm in arms.values():
            if not quiet:
                console.print(f"preparing {framework}, {arm.name} arm", highlight=False)
            arm.prepare(framework)
    return Ready(
        engine=engine,
        arms=arms,
        prepared=prepared,
        images={name: _image(engine, name, here) for name in frameworks} if engine else {},
        artifacts={name: _artifact(cell) for name, cell in prepared.items()},
        locks={name: _lock(name) for name in frameworks},
    )


def _image(engine: docker.DockerClient, framework: str, platform: str) -> dict[str, Any]:
    image = require(engine, framework, platform)
    return {"ref": image.ref, "digest": image.digest, "size_bytes": image.size_bytes, "labels": image.labels}


def _artifact(cell: Prepared) -> dict[str, Any]:
    made = cell.artifact
    return {"sha256": made.sha256, "format": made.format, "size_bytes": made.size_bytes, "parity": made.parity}


def _lock(framework: str) -> str:
    return hashlib.sha256((PROJECT / "images" / framework / "requirements.txt").read_bytes()).hexdigest()
