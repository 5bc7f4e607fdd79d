"""Everything a run needs, found and checked before the first launch."""

from dataclasses import dataclass
from typing import Any

import docker
from rich.console import Console

from bench import engine as engines
from bench.arms import make_arms
from bench.config import Matrix
from bench.errors import ConfigError
from bench.images import Image, native_platform, recipe_hash
from bench.launching import Arm
from bench.locate import locate
from bench.lock import Lock
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
    recipes: dict[str, str]


def make_ready(
    plan: Plan, matrix: Matrix, threads: int, console: Console, *, lock: Lock | None = None, quiet: bool
) -> Ready:
    """Find the parts, unpacking images and installing environments where needed.

    With a lock file the images are those that it names, pulled when the engine does not have them.

    Raises ConfigError when this machine is not the plan's device, HostError when a part is missing.
    """
    here, offered = native_platform(), matrix.devices[plan.device].platforms
    if here not in offered:
        raise ConfigError(f"this machine is {here}, and the device '{plan.device}' is {' or '.join(offered)}")
    engine = engines.connect() if set(plan.arms) - {"native"} else None
    find = locate(engine, here, lock, console, quiet=quiet) if engine else None
    arms = make_arms(plan.arms, matrix, engine, find)
    prepared = prepare_requests(plan, matrix, threads)
    frameworks = sorted({cell.framework for cell in plan.cells})
    for framework in frameworks:
        for arm in (arms[name] for name in plan.arms_of(framework)):
            if not quiet:
                console.print(f"preparing {framework}, {arm.name} arm", highlight=False)
            arm.prepare(framework)
    return Ready(
        engine=engine,
        arms=arms,
        prepared=prepared,
        images={name: _image(find(name)) for name in frameworks} if find else {},
        artifacts={name: _artifact(cell) for name, cell in prepared.items()},
        recipes={name: recipe_hash(name) for name in frameworks},
    )


def _image(image: Image) -> dict[str, Any]:
    return {
        "ref": image.ref,
        "digest": image.digest,
        "repo_digest": image.repo_digest,
        "size_bytes": image.size_bytes,
        "labels": image.labels,
    }


def _artifact(cell: Prepared) -> dict[str, Any]:
    made = cell.artifact
    return {
        "sha256": made.sha256,
        "format": made.format,
        "size_bytes": made.size_bytes,
        "parity": made.parity,
        "params": made.params,
        "macs": made.macs,
    }
