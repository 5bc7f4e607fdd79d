"""The launches of a self-test's blocks that are to come, until there are enough of them or the time is over."""

from collections.abc import Iterator, Mapping
from time import monotonic
from typing import Any

from bench.core.matrix.plan import Launch, Plan
from bench.core.version import now
from bench.journal.reader import SCHEMA
from bench.run.execute import Todo, after
from bench.run.experiments.selftest_arms import Lineup
from bench.run.progress import Progress

LEAST, MOST = 5, 1_000  # blocks, when the time decides
ALL, TIME = "fixed", "minutes"  # why there are no more blocks


class Blocks:
    """What is iterated over once, while it is carried out. `kept` are the lines that a resumed self-test has."""

    def __init__(
        self,
        plan: Plan,
        lineup: Lineup,
        minutes: float | None,
        kept: Mapping[str, Mapping[str, Any]],
        progress: Progress,
        *,
        again: bool,
    ) -> None:
        [self._cell] = plan.cells
        self._plan, self._lineup, self._kept, self._progress, self._again = plan, lineup, kept, progress, again
        self._seconds = None if minutes is None else 60 * minutes
        self._spent = sum(line["wall_ns"] or 0 for line in kept.values()) / 1e9
        self._last = plan.blocks

    def __iter__(self) -> Iterator[Todo]:
        begun, block = monotonic(), 0
        for launch in self._lineup.launches(self._cell, self._plan.blocks, self._plan.seed):
            if launch.block != block:
                block, spent = launch.block, self._spent + monotonic() - begun
                if self._seconds is not None and block > LEAST and spent >= self._seconds:
                    self._last = block - 1
                    return
                self._expect(block - 1, spent)
            if todo := to_do(launch, self._kept, again=self._again):
                yield todo

    def stop(self) -> dict[str, Any]:
        """The line of the journal that says after which block there are no more, and why."""
        reason = ALL if self._seconds is None else TIME
        line = {"schema": SCHEMA, "event": "stop", "cell": self._cell.id, "block": self._last, "reason": reason}
        return {**line, "half_widths": {}, "at": now()}

    def _expect(self, whole: int, spent: float) -> None:
        """Tell the progress how many blocks there will be, should they take as long as those before."""
        blocks = self._plan.blocks
        if self._seconds is not None:
            more = max(0.0, self._seconds - spent) / (spent / whole) if whole and spent else 0.0
            blocks = min(blocks, max(LEAST, whole + round(more)))
        self._progress.expect(blocks * len(self._lineup.compared), blocks)


def to_do(launch: Launch, kept: Mapping[str, Mapping[str, Any]], *, again: bool) -> Todo | None:
    """What is still to be done about a launch; `again` is for those that failed."""
    line = kept.get(launch.id)
    if line is None:
        return Todo(launch)
    return after(line, launch) if line.get("replaced") or (again and line["status"] == "failed") else None
