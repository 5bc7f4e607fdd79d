"""What a run would launch, to the last option, without launching it: `bench matrix run --dry-run`."""

import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from bench.arms.container import options
from bench.arms.docker_syntax import command
from bench.arms.launch import Spec
from bench.artifacts.request import Prepared
from bench.core import cpus as cpu_lists
from bench.core.errors import HostError
from bench.core.matrix.plan import Cell, Plan
from bench.core.matrix.schema import Matrix
from bench.core.paths import cache
from bench.hosts.target import Target
from bench.images.local import PREFIX
from bench.images.registry.lock import Lock
from bench.run.machine import Here, Machine
from bench.run.requests import prepare_requests

RUN = "dry-run"  # in place of the run's id


@dataclass(frozen=True, kw_only=True)
class Source:
    """The image that a framework's launches would use; `digest` is None where no lock file names it."""

    ref: str
    platform: str
    digest: str | None


def source(framework: str, platform: str, lock: Lock | None) -> Source:
    """By what name and digest the engine would be asked for an image."""
    named: Mapping[Any, Any] = lock.images.get(framework, {}) if lock else {}
    if lock and platform in named:
        digest = named[platform].digest
        return Source(ref=f"{lock.registry}/{PREFIX}{framework}@{digest}", platform=platform, digest=digest)
    return Source(ref=f"{PREFIX}{framework}:{platform}", platform=platform, digest=None)


def preview(
    plan: Plan,
    matrix: Matrix,
    target: Target,
    lock: Lock | None,
    cpus: str | None,
    memory: int | None,
    machine: Machine | None = None,
) -> Iterator[dict[str, Any]]:
    """For each cell what its launches would be given, arm by arm. CPUs are the machine's where none are named.

    Nothing is copied to a board for that: the files of a launch have the names that they have here.
    """
    machine = machine or Here()
    there = machine.cpus()
    chosen = cpu_lists.parse(cpus, there) if cpus else there
    for cell in plan.cells:
        made = _prepared(plan, cell, matrix, target, len(chosen))
        spec = Spec(
            launch=f"{cell.id}/container/1",
            run_id=RUN,
            framework=cell.framework,
            request=made.request if made else cache() / "requests" / "REQUEST.json",
            mounts=made.mounts if made else (cache() / "requests", cache() / "models" / "blobs" / "MODEL"),
            cpus=cpu_lists.show(chosen),
            threads=len(chosen),
            timeout=600.0,
            memory=memory,
            grant=target.grants[cell.framework],
        )
        yield _cell(
            plan, cell, spec, source(cell.framework, target.platforms[cell.framework], lock), made, machine.user
        )


def _prepared(plan: Plan, cell: Cell, matrix: Matrix, target: Target, threads: int) -> Prepared | None:
    """The cell with its request; None where its model was not made."""
    try:
        return prepare_requests(replace(plan, cells=(cell,)), matrix, threads, target.grants)[cell.id]
    except HostError:
        return None


def _cell(plan: Plan, cell: Cell, spec: Spec, image: Source, made: Prepared | None, user: str) -> dict[str, Any]:
    arms = plan.arms_of(cell.framework)
    found: dict[str, Any] = {
        "cell": cell.id,
        "image": image.ref,
        "platform": image.platform,
        "digest": image.digest,
        "model": "made" if made else "not made yet: REQUEST.json and MODEL stand for its files",
        "arms": list(arms),
    }
    if "container" in arms:
        words = options(spec, user)
        found |= {"options": words, "command": shlex.join(command(image.ref, words))}
    others = {arm: _other(arm, spec) for arm in arms if arm != "container"}
    return found | {"other_arms": others | plan.armless.get(cell.framework, {})}


def _other(arm: str, spec: Spec) -> str:
    """What an arm without a container has of the hardware."""
    if not spec.grant.shown():
        return "a process of the host: nothing is given to it"
    files = f"; {', '.join(spec.grant.files)} mounted" if arm == "rootfs" and spec.grant.files else ""
    return f"a process of the host, with all of the host's nodes ({', '.join(spec.grant.shown())} among them){files}"
