"""Several containers of one cell at once: how a study of interference is planned and carried out.

A setup says how many run and on which CPUs. A block is one group of each setup, in random order:

    alone       one instance on all CPUs
    shared-K    K instances, all of them on all CPUs
    split-K     K instances, each on CPUs of its own: the launch's CPUs in K equal parts
    part-K      one instance on one of those parts, and nobody on the others: what split-K is compared with

Each instance is a launch of its own arm, such as `shared-4.2`, and a line of the journal.
"""

import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any

from bench.arms.container import ContainerArm
from bench.arms.outcome import record
from bench.artifacts.request import Prepared
from bench.core import cpus as cpu_lists
from bench.core.matrix.plan import Cell, Launch
from bench.core.version import now
from bench.hosts.monitor import Watch, flags
from bench.images import engine as engines
from bench.run import cleanup
from bench.run.execute import Settings, spec_of

OURSELVES = {"foreign-load", "busy-neighbours", "preempted"}  # what the instances of a group do to one another


@dataclass(frozen=True)
class Setup:
    """How many instances, and the CPUs of each, as lists that the kernel writes."""

    name: str
    cpus: tuple[str, ...]

    @property
    def arms(self) -> tuple[str, ...]:
        """The arm of each instance."""
        return tuple(f"{self.name}.{number}" for number in range(1, len(self.cpus) + 1))


@dataclass(frozen=True)
class Group:
    """What is launched at once."""

    cell: Cell
    setup: Setup
    block: int

    @property
    def launches(self) -> list[Launch]:
        """One for each instance."""
        return [Launch(self.cell, arm, self.block) for arm in self.setup.arms]


def setups(instances: Sequence[int], cpus: Sequence[int]) -> tuple[list[Setup], dict[str, str]]:
    """The setups of these numbers of instances on these CPUs, and why others are left out."""
    everything, found, absent = cpu_lists.show(list(cpus)), [], {}
    for count in sorted(set(instances)):
        if count == 1:
            found.append(Setup("alone", (everything,)))
            continue
        found.append(Setup(f"shared-{count}", (everything,) * count))
        if len(cpus) % count:
            absent[f"split-{count}"] = f"{len(cpus)} CPUs cannot be split into {count} equal parts"
            continue
        size = len(cpus) // count
        parts = tuple(cpu_lists.show(list(cpus[start : start + size])) for start in range(0, len(cpus), size))
        found += [Setup(f"split-{count}", parts), Setup(f"part-{count}", parts[:1])]
    return found, absent


def groups(cells: Sequence[Cell], setups: Sequence[Setup], blocks: int, seed: int) -> Iterator[Group]:
    """Every group in its order: block after block, cells and setups in an order that the seed fixes."""
    order = random.Random(seed)
    for block in range(1, blocks + 1):
        for cell in order.sample(list(cells), len(cells)):
            for setup in order.sample(list(setups), len(setups)):
                yield Group(cell, setup, block)


class Together:
    """Launches groups. `prepared` has a cell's request for a number of threads: (cell, threads) → Prepared."""

    def __init__(
        self,
        images: Mapping[str, str],
        prepared: Mapping[tuple[str, int], Prepared],
        settings: Settings,
        make_arm: Callable[[], ContainerArm],
    ) -> None:
        self.images, self.prepared, self.settings, self.make_arm = dict(images), prepared, settings, make_arm

    def launch(self, group: Group, attempt: int) -> list[dict[str, Any]]:
        """The lines of one group, when all of its instances have ended. Raises HostError, Interrupted."""
        with ThreadPoolExecutor(len(group.launches)) as pool:
            try:
                jobs = [
                    pool.submit(self._one, launch, cpus, attempt)
                    for launch, cpus in zip(group.launches, group.setup.cpus, strict=True)
                ]
                return [job.result() for job in jobs]
            except BaseException:  # before the pool waits for its threads: they end with their containers
                cleanup.containers(engines.connect(), self.settings.run_id)
                raise

    def _one(self, launch: Launch, cpus: str, attempt: int) -> dict[str, Any]:
        """One instance, in a thread of its own; while it is timed the thread waits in the kernel."""
        chosen = cpu_lists.parse(cpus)
        settings = replace(self.settings, cpus=cpus, threads=len(chosen))
        arm, watch = self.make_arm(), Watch(chosen)
        arm.images = self.images
        spec = spec_of(launch, self.prepared[launch.cell.id, len(chosen)], settings)
        started, before = now(), watch.read()
        line = record(launch, attempt, started, arm.launch(spec))
        window = watch.window(before, watch.read(), line.pop("watch"))
        alone = launch.arm.startswith(("alone.", "part-"))
        seen = [flag for flag in flags(window) if alone or flag not in OURSELVES]
        return line | {"host_window": window | {"flags": seen}, "replacement": 0, "replaced": False}
