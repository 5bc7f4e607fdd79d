"""Builds and checks the cells without a verdict, network by network; an interrupted run continues."""

from collections.abc import Iterator, Sequence

import docker
from rich.console import Console

from bench.arms.container import ContainerArm
from bench.artifacts import build
from bench.artifacts.report import comparison_line
from bench.core import cpus as cpu_lists
from bench.core.errors import HostError
from bench.core.matrix.plan import Cell, Plan
from bench.images import engine as engines
from bench.images.local import Image, native_platform, require
from bench.verification.verdicts import DEFAULT_LIMITS, Checks, Limits, Verdict, check


class Checker:
    """Checks cells under limits, with an engine and the images of the frameworks."""

    def __init__(self, checks: Checks, say: Console, limits: Limits = DEFAULT_LIMITS) -> None:
        self.checks, self.say, self.limits = checks, say, limits
        self.engine = engines.connect()
        self.arm = ContainerArm(self.engine, self._locate)
        self.missing: dict[str, str] = {}  # framework → reason why it has no image

    def prepare(self, frameworks: Sequence[str]) -> None:
        """Find the images; missing ones are printed. Raises HostError if there is none."""
        for name in frameworks:
            try:
                self.arm.prepare(name)
            except HostError as error:
                self.missing[name] = f"{error}; {error.hint}" if error.hint else str(error)
                self.say.print(f"{name} is not tried: {self.missing[name]}", highlight=False, soft_wrap=True)
        if len(self.missing) == len(frameworks):
            raise HostError("no framework has an image to try models in", "make images")

    def check(self, cells: Sequence[Cell], *, again: bool) -> Iterator[tuple[Cell, Verdict]]:
        """Check cells whose artifact exists. Cells with a verdict are checked only with `again`."""
        chosen = cpu_lists.allowed()
        return check(
            self._untried(cells, again=again),
            self.checks,
            self.arm,
            cpus=cpu_lists.show(chosen),
            threads=len(chosen),
            limits=self.limits,
        )

    def check_all(self, plan: Plan, *, again: bool, discard: bool) -> None:
        """Build and check missing cells, model by model. With `discard` remove each model's artifacts afterwards."""
        for model in dict.fromkeys(cell.model for cell in plan.cells):
            todo = self._untried([cell for cell in plan.cells if cell.model == model], again=again)
            frameworks = self.checks.matrix.frameworks
            kinds = [frameworks[cell.framework].kind(cell.precision) for cell in todo]
            if not kinds:
                continue
            try:
                build.build([model], kinds, self.say, again=again)
            except build.ModelBuildError as error:
                self.say.print(f"{str(error).splitlines()[0]}", highlight=False, soft_wrap=True)
            for cell, verdict in self.check(todo, again=again):
                self.say.print(describe(cell, verdict), highlight=False, soft_wrap=True)
            if discard and model not in self.checks.store.user_models():
                self.checks.store.discard(model)

    def _untried(self, cells: Sequence[Cell], *, again: bool) -> list[Cell]:
        there = [cell for cell in cells if cell.framework not in self.missing]
        return [cell for cell in there if again or self.checks.find(cell, self.limits) is None]

    def _locate(self, framework: str) -> Image:
        client: docker.DockerClient = self.engine
        return require(client, framework, native_platform())


def describe(cell: Cell, verdict: Verdict) -> str:
    """Return a verdict as one line."""
    said = comparison_line(verdict.status, verdict.parity, verdict.message)
    limits = f" with {verdict.limits}" if str(verdict.limits) else ""
    return f"{cell.framework} {cell.model} {cell.precision}{limits}: {said}"
