"""When a cell has been measured enough: once the intervals of its ratios are as narrow as was asked, and not before.

Only the half-width decides, never where an interval lies: whoever stops when a difference turns significant finds one
too often (docs/method.md). Cells are looked at after FIRST blocks and then after every STEP; a cell that has reached
the width is left out of the blocks that follow, whose order stays what the seed made it. What is decided is a line of
the journal, and follows from the lines before it: a resumed run decides the same.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from bench.arms.outcome import median_ns
from bench.core.matrix.plan import Launch, Plan
from bench.core.version import now
from bench.journal.reader import SCHEMA

FIRST, STEP = 10, 5
REACHED, MOST = "reached", "max-blocks"

Medians = Mapping[str, Mapping[int, float]]  # arm → block → the median of that launch, in ns
# Of the launches of one cell: ratio → half-width of its 95 % interval, a fraction; None where there is no interval yet.
HalfWidths = Callable[[Medians], Mapping[str, float | None]]


def looks(most: int) -> list[int]:
    """The numbers of blocks after which a cell is looked at; the last one is `most` itself."""
    return [*(block for block in range(FIRST, most, STEP)), most]


class Stopping:
    """What is known of every cell of a run. `note` must have a line of the journal safe on return."""

    def __init__(
        self,
        plan: Plan,
        half_widths: HalfWidths,
        note: Callable[[dict[str, Any]], None],
        kept: Iterable[Mapping[str, Any]] = (),
        stops: Mapping[str, Mapping[str, Any]] | None = None,
    ) -> None:
        """`kept` and `stops` are what the journal of a run that is taken up again has."""
        assert plan.half_width is not None
        self._width, self._half_widths, self._note = plan.half_width, half_widths, note
        self._looks = {cell.id: looks(plan.blocks) for cell in plan.cells}
        self._medians: dict[str, dict[str, dict[int, float]]] = {cell.id: {} for cell in plan.cells}
        self._stopped = {cell: int(stop["block"]) for cell, stop in (stops or {}).items()}
        for line in kept:
            self.saw(line)

    def saw(self, line: Mapping[str, Any]) -> None:
        """Take a launch in; what it replaces does not count any more. The energy pass is not timed and not judged."""
        if line.get("part", "timing") != "timing":
            return
        of_arm = self._medians[line["cell"]].setdefault(line["arm"], {})
        of_arm.pop(line["block"], None)
        if (median := median_ns(line)) is not None:
            of_arm[line["block"]] = median

    def goes_on(self, launch: Launch) -> bool:
        """Whether a launch is still wanted. Called between launches: what it takes to decide is not timed."""
        if launch.part != "timing":
            return True
        self._look(launch.cell.id, launch.block - 1)
        return launch.block <= self._stopped.get(launch.cell.id, launch.block)

    def finish(self) -> None:
        """The last look, after the last launch."""
        for cell in self._looks:
            self._look(cell, self._looks[cell][-1] if self._looks[cell] else 0)

    def _look(self, cell: str, whole: int) -> None:
        """Decide at every look that the cell's `whole` blocks allow and that has not been taken."""
        ahead = self._looks[cell]
        while cell not in self._stopped and ahead and ahead[0] <= whole:
            block = ahead.pop(0)
            widths = self._half_widths(self._up_to(cell, block))
            reached = bool(widths) and all(width is not None and width <= self._width for width in widths.values())
            if reached or not ahead:
                self._stopped[cell] = block
                self._note(
                    {
                        "schema": SCHEMA,
                        "event": "stop",
                        "cell": cell,
                        "block": block,
                        "reason": REACHED if reached else MOST,
                        "half_widths": dict(widths),
                        "at": now(),
                    }
                )

    def _up_to(self, cell: str, block: int) -> Medians:
        of_arms = {arm: {b: ns for b, ns in each.items() if b <= block} for arm, each in self._medians[cell].items()}
        return {arm: blocks for arm, blocks in of_arms.items() if blocks}
