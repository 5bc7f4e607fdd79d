"""What a run has measured so far, cell by cell, for a user who watches it: no verdict, and nothing that takes time."""

from collections import Counter
from collections.abc import Mapping
from statistics import median
from typing import Any

from rich.table import Table
from rich.text import Text

from bench.plan import ARMS
from bench.terminal import grid

MOST = 12  # cells at once: those that were measured last


class SoFar:
    """The median of each timed launch's own median, in ms, by cell and arm; of the energy pass and of what failed the
    number: times beside a sampler are no samples.
    """

    def __init__(self) -> None:
        self.cells: dict[str, dict[str, list[float]]] = {}
        self.energy: Counter[str] = Counter()
        self.failed: Counter[str] = Counter()

    def add(self, line: Mapping[str, Any]) -> None:
        """Take in one line of the journal."""
        arms = self.cells.pop(line["cell"], {})
        self.cells[line["cell"]] = arms  # behind all others: measured last
        if line["status"] == "ok" and line["samples"]:
            arms.setdefault(line["arm"], []).append(median(line["samples"]) / 1e6)
        elif "part" in line and line["reason"] is None:
            self.energy[line["cell"]] += 1
        else:
            self.failed[line["cell"]] += 1

    def table(self, height: int) -> Table:
        """A row for each of the cells that were measured last, as many as fit into so many lines."""
        kept = sorted(list(self.cells)[-min(MOST, max(1, height)) :])
        arms = [arm for arm in ARMS if any(arm in self.cells[cell] for cell in kept)]
        table = grid()
        table.add_column(f"ms so far ({len(kept)} of {len(self.cells)} cells)", overflow="ellipsis", no_wrap=True)
        for arm in arms:
            table.add_column(arm, justify="right", no_wrap=True)
        counts = ["launches", *(["energy pass"] if self.energy else [])]
        for name in counts:
            table.add_column(name, justify="right", no_wrap=True)
        for cell in kept:
            found = self.cells[cell]
            times = [f"{median(found[arm]):#.4g}" if arm in found else "–" for arm in arms]
            launches = Text(str(sum(map(len, found.values()))))
            if failed := self.failed[cell]:
                launches.append(f" (−{failed})", "red")
            table.add_row(Text(cell), *times, launches, *([str(self.energy[cell])] if self.energy else []))
        return table
