"""Who is launched in a self-test: every arm twice, one arm slowed down on purpose, and arms with a sabotage.

    native, native-twin          each arm against itself
    native-slow-1, -2, -5, -10   the same, every inference slower by so many percent
    native-foreign-load, ...     the same, sabotaged (sabotage.py), in launches of their own behind the others

A sabotage can also be on for the whole run (`--sabotage`), as if it were the user's own machine that has it: the twin
of the container, or every launch, is then what it spoils, and the self-test must fail.
"""

import json
import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from bench.arms.container import ContainerArm
from bench.arms.launch import Arm, Outcome, Spec
from bench.artifacts.request import write_request
from bench.core.matrix.plan import Cell, Launch
from bench.run.experiments.sabotage import LibraryArm, LoadedArm, QuotaArm, ThrottledArm, Throttles

TWIN, SLOW = "-twin", "-slow-"
DOSES = (1, 2, 5, 10)  # percent
OF_CONTAINER = ("cpu-quota", "other-library")
OF_ANY = ("throttled", "foreign-load")
SABOTAGES = (*OF_CONTAINER, *OF_ANY)
SABOTAGED = 3  # launches of each sabotage


@dataclass(frozen=True)
class Lineup:
    """The names of a self-test's arms. `sabotage` is what is on for the whole run, or None."""

    arms: tuple[str, ...]
    sabotage: str | None = None

    @property
    def slowed(self) -> str:
        """The arm that is slowed down: the cheapest to launch."""
        return "native" if "native" in self.arms else self.arms[0]

    @property
    def compared(self) -> tuple[str, ...]:
        """What a block has one launch of each of."""
        return (
            *self.arms,
            *(arm + TWIN for arm in self.arms),
            *(f"{self.slowed}{SLOW}{dose}" for dose in DOSES),
        )

    @property
    def sabotaged(self) -> dict[str, tuple[str, str]]:
        """The name of each sabotaged arm → the arm and the sabotage; none while one is on."""
        if self.sabotage:
            return {}
        own = [("container", name) for name in OF_CONTAINER if "container" in self.arms]
        return {f"{arm}-{name}": (arm, name) for arm, name in [*own, *((self.slowed, name) for name in OF_ANY)]}

    def launches(self, cell: Cell, blocks: int, seed: int) -> Iterator[Launch]:
        """The launches of the blocks, in an order that the seed fixes."""
        order = random.Random(seed)
        for block in range(1, blocks + 1):
            for arm in order.sample(self.compared, len(self.compared)):
                yield Launch(cell, arm, block)

    def sabotaged_launches(self, cell: Cell) -> list[Launch]:
        """Those that come last."""
        return [Launch(cell, arm, block) for block in range(1, SABOTAGED + 1) for arm in self.sabotaged]


def possible(sabotage: str, arms: Sequence[str]) -> bool:
    """Whether one of these arms can be sabotaged so."""
    return sabotage in OF_ANY or "container" in arms


def make(lineup: Lineup, ready: Mapping[str, Arm], framework: str, throttles: Throttles) -> dict[str, Arm]:
    """All arms by name, from those that are ready to launch. Raises HostError."""

    def spoiled(name: str, arm: Arm, sabotage: str) -> Arm:
        if sabotage == "throttled":
            return ThrottledArm(name, arm, throttles)
        if sabotage == "foreign-load":
            return LoadedArm(name, arm)
        assert isinstance(arm, ContainerArm)
        made = (QuotaArm if sabotage == "cpu-quota" else LibraryArm)(arm.engine, arm.locate)
        made.prepare(framework)
        return made

    on = lineup.sabotage
    base = {name: spoiled(name, arm, on) if on in OF_ANY else arm for name, arm in ready.items()}
    arms: dict[str, Arm] = dict(base)
    for name, arm in base.items():
        spoilt = on in OF_CONTAINER and name == "container"
        arms[name + TWIN] = spoiled(name + TWIN, arm, str(on)) if spoilt else arm
    for dose in DOSES:
        name = f"{lineup.slowed}{SLOW}{dose}"
        arms[name] = SlowArm(name, base[lineup.slowed], dose / 100)
    for name, (arm_name, sabotage) in lineup.sabotaged.items():
        arms[name] = spoiled(name, ready[arm_name], sabotage)
    return arms


@dataclass
class SlowArm:
    """An arm in which the runner makes every inference slower by a share (runner/slowdown.py)."""

    name: str
    inner: Arm
    share: float

    def prepare(self, framework: str) -> None:
        """As the arm itself."""
        self.inner.prepare(framework)

    def launch(self, spec: Spec) -> Outcome:
        """One launch with the same request but for the slowdown; the folder that holds requests is seen already."""
        return self.inner.launch(replace(spec, request=_slowed(spec.request, self.share)))


def _slowed(request: Path, share: float) -> Path:
    asked: dict[str, Any] = json.loads(request.read_text(encoding="utf-8"))
    return write_request({**asked, "slowdown": share})
