"""Turns the matrix and a selection into the exact list of launches. Nothing is started or looked up here."""

import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import product
from typing import Any, Literal

from bench.core.errors import ConfigError
from bench.core.matrix.arm_names import ABLATION_NAMES, ARMS, GROUP
from bench.core.matrix.platforms import image_platform, offered
from bench.core.matrix.schema import Bounds, Energy, Matrix
from bench.core.suggest import choose, matches, nearest

# The kinds of launch: timed; energy pass with the sensors read; energy pass with the sensors off.
Part = Literal["timing", "energy", "control"]


@dataclass(frozen=True)
class Cell:
    """Device × framework × model × precision: what is measured."""

    device: str
    framework: str
    model: str
    precision: str

    @cached_property
    def id(self) -> str:
        """The stable name, for example `host/onnxruntime/mobilenet-v2/fp32`."""
        return f"{self.device}/{self.framework}/{self.model}/{self.precision}"


@dataclass(frozen=True)
class Launch:
    """One process of one cell in one arm. Blocks count from 1; the energy pass starts at 1 again."""

    cell: Cell
    arm: str
    block: int
    part: Part = "timing"

    @cached_property
    def id(self) -> str:
        """The cell's name, the arm and the block: `host/tflite/cifarnet/fp32/native/3`, or `…/native/energy/3`."""
        return f"{self.cell.id}/{self.arm}/{'' if self.part == 'timing' else f'{self.part}/'}{self.block}"


@dataclass(frozen=True, kw_only=True)
class Selection:
    """What the user asked for; an empty list means all."""

    device: str
    frameworks: Sequence[str] = ()
    models: Sequence[str] = ()
    precisions: Sequence[str] = ()
    globs: Sequence[str] = ()
    arms: Sequence[str] = ARMS
    profile: str = "default"
    blocks: int | None = None
    samples: int | None = None
    half_width: float | None = None
    seed: int | None = None
    energy: bool = False


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What one run will do: cells × arms × blocks in an order that the seed fixes.

    With a `half_width` (a fraction) a cell ends before the last block once its intervals are that narrow
    (bench/run/stopping.py). `skipped` maps the id of a cell that is left out to the reason. `armless` maps a framework
    to the arms in which it has no launches, each with the reason.
    """

    device: str
    profile: str
    arms: tuple[str, ...]
    blocks: int
    seed: int
    warmup: Bounds
    stop: Bounds
    cells: tuple[Cell, ...]
    driver: str = "runner"
    half_width: float | None = None
    energy: Energy | None = None  # the settings of the energy pass; None without one
    skipped: dict[str, str] = field(default_factory=dict)
    armless: dict[str, dict[str, str]] = field(default_factory=dict)  # framework → arm → why

    def arms_of(self, framework: str) -> tuple[str, ...]:
        """The arms in which a framework is launched."""
        return tuple(arm for arm in self.arms if arm not in self.armless.get(framework, {}))

    def launches(self) -> Iterator[Launch]:
        """Yield every timed launch in order: block after block, so that an interrupted run is still balanced.

        Within a block the cells are in random order. The arms of one cell follow each other directly, also in random
        order, so that slow drift affects all arms of a pair alike (randomised blocks, docs/method.md).
        """
        order = random.Random(self.seed)
        for block in range(1, self.blocks + 1):
            for cell in order.sample(self.cells, len(self.cells)):
                arms = self.arms_of(cell.framework)
                for arm in order.sample(arms, len(arms)):
                    yield Launch(cell, arm, block)

    def energy_launches(self) -> Iterator[Launch]:
        """Yield the launches of the energy pass. Each has its control directly before or after it, at random."""
        order = random.Random(f"{self.seed} energy")
        for block in range(1, self.energy.launches + 1 if self.energy else 0):
            for cell in order.sample(self.cells, len(self.cells)):
                arms = self.arms_of(cell.framework)
                for arm in order.sample(arms, len(arms)):
                    parts: list[Part] = ["energy", "control"]
                    for part in order.sample(parts, 2):
                        yield Launch(cell, arm, block, part)


def make_plan(matrix: Matrix, selection: Selection, refusal: Callable[[Cell], str | None] = lambda _cell: None) -> Plan:
    """Expand a selection. Raises ConfigError when a name is unknown or nothing is left to measure.

    `refusal` returns why a cell cannot be measured although the matrix allows it, or None.
    """
    (device,) = choose("device", [selection.device], matrix.devices)
    (profile,) = choose("profile", [selection.profile], matrix.profiles)
    frameworks = choose("framework", selection.frameworks, matrix.frameworks)
    if not selection.frameworks:  # without names, only the frameworks of this device
        runs = matrix.devices[device].runs
        frameworks = [name for name in frameworks if runs(name, matrix.frameworks[name].group)]
    models = choose("model", selection.models, matrix.models)
    known = sorted({each for entry in matrix.frameworks.values() for each in entry.precisions})
    precisions = choose("precision", selection.precisions, known)
    every = [
        Cell(device, framework, model, precision)
        for framework, model in product(frameworks, models)
        for precision in _precisions(matrix, framework, model, selection, precisions)
    ]
    selected = [cell for cell in every if matches(cell.id, selection.globs)]
    if not selected:
        hint = nearest(selection.globs[0], [cell.id for cell in every]) if selection.globs else None
        raise ConfigError("the selection leaves no cell", hint)
    skipped = {cell.id: reason for cell in selected if (reason := _why_not(matrix, cell) or refusal(cell))}
    cells = tuple(cell for cell in selected if cell.id not in skipped)
    arms = _arms(selection.arms)
    armless = {name: reasons for name in frameworks if (reasons := _armless(matrix, device, name, arms))}
    for cell in cells:
        if set(arms) <= armless.get(cell.framework, {}).keys():
            skipped[cell.id] = "; ".join(armless[cell.framework].values())
    cells = tuple(cell for cell in cells if cell.id not in skipped)
    if not cells:
        why = "; ".join(sorted(set(skipped.values())))
        raise ConfigError(f"every selected cell is left out: {why}", "select others: matrix.yaml says who has what")

    if selection.half_width is not None and len(arms) == 1:
        raise ConfigError(f"with {arms[0]} alone there is no ratio, and so no half-width", "add an arm with --arms")

    measured = matrix.profiles[profile]
    blocks = selection.blocks or measured.blocks
    return Plan(
        device=device,
        profile=profile,
        arms=arms,
        blocks=blocks,
        seed=random.SystemRandom().getrandbits(32) if selection.seed is None else selection.seed,
        warmup=measured.warmup,
        stop=fixed_samples(selection.samples) if selection.samples else measured.stop,
        cells=cells,
        driver=measured.driver,
        half_width=selection.half_width,
        energy=measured.energy if selection.energy else None,
        skipped=skipped,
        armless={name: reasons for name, reasons in armless.items() if any(c.framework == name for c in cells)},
    )


def fixed_samples(samples: int) -> Bounds:
    """Bounds of exactly this many timed inferences, however long they take."""
    return Bounds(iterations=samples, seconds=0.0, max_iterations=samples)


def _precisions(
    matrix: Matrix, framework: str, model: str, selection: Selection, chosen: Sequence[str]
) -> Sequence[str]:
    """The requested precisions (unsupported ones are reported later); with globs all of them; otherwise one.

    That one is the first precision of the framework that the device supports. A model of the user's has the precision
    of its file.
    """
    if selection.precisions:
        return chosen
    entry, brought = matrix.frameworks[framework], matrix.models[model].brought
    computes = matrix.devices[selection.device].use(framework, entry.group).precisions or entry.precisions
    offered = [each for each in entry.precisions if each in computes] or entry.precisions
    if selection.globs:
        return entry.precisions
    return [brought.precision] if brought else offered[:1]


def _armless(matrix: Matrix, device: str, framework: str, arms: tuple[str, ...]) -> dict[str, str]:
    """Maps each arm that the framework, or the hardware it needs, does not support to the reason."""
    ways = matrix.accesses(device, framework)
    without = {str(arm): why for access in ways for arm, why in access.without.items()}
    without |= matrix.frameworks[framework].without
    return {arm: without[arm] for arm in arms if arm in without}


def _arms(wanted: Sequence[str]) -> tuple[str, ...]:
    """The requested arms in their fixed order, with `ablations` expanded. Raises ConfigError."""
    known = (*ARMS, *ABLATION_NAMES)
    for arm in wanted:
        if arm not in known and arm != GROUP:
            raise ConfigError(f"unknown arm '{arm}': {nearest(arm, (*known, GROUP))}")
    if not wanted:
        raise ConfigError("no arm to launch", f"--arms takes a list out of {','.join(known)}, or {GROUP} for the last")
    chosen = tuple(arm for arm in known if arm in wanted or (GROUP in wanted and arm in ABLATION_NAMES))
    if "container" not in chosen and (lone := [arm for arm in chosen if arm in ABLATION_NAMES]):
        raise ConfigError(f"{lone[0]} is compared with the container arm", f"--arms container,{','.join(wanted)}")
    return chosen


def _why_not(matrix: Matrix, cell: Cell) -> str | None:
    """Reason the matrix excludes a cell, or None."""
    return _why_not_here(matrix, cell) or _why_not_precision(matrix, cell) or _why_not_framework(matrix, cell)


def _why_not_here(matrix: Matrix, cell: Cell) -> str | None:
    """Reason the device does not run the framework, or None."""
    framework, device = matrix.frameworks[cell.framework], matrix.devices[cell.device]
    if not device.runs(cell.framework, framework.group):
        runs = " and ".join([*device.groups, *(name for name in device.uses if name in matrix.frameworks)])
        return f"{cell.framework} is of the group {framework.group}, and {cell.device} runs {runs}"
    if cell.framework in device.without:
        return f"{cell.device} cannot run {cell.framework}: {device.without[cell.framework]}"
    return None


def _why_not_precision(matrix: Matrix, cell: Cell) -> str | None:
    """Reason the framework or the device does not support the precision, or None."""
    framework, device = matrix.frameworks[cell.framework], matrix.devices[cell.device]
    if cell.precision not in framework.precisions:
        lacks: Mapping[Any, str] = framework.lacks
        why = f": {lacks[cell.precision]}" if cell.precision in lacks else ""
        return f"{cell.framework} has no {cell.precision}{why}"
    precisions = device.use(cell.framework, framework.group).precisions
    if precisions and cell.precision not in precisions:
        return f"{cell.device} computes in {' or '.join(precisions)}, not in {cell.precision}"
    return None


def _why_not_framework(matrix: Matrix, cell: Cell) -> str | None:
    """Reason the framework cannot run the model, or has no image for the device; or None."""
    framework, device = matrix.frameworks[cell.framework], matrix.devices[cell.device]
    if cell.model in framework.without:
        return f"{cell.framework} cannot run {cell.model}: {framework.without[cell.model]}"
    if not image_platform(device, framework.platforms):
        return f"{cell.framework} has no image for {' or '.join(offered(device)) or cell.device}"
    return None
