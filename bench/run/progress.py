"""What a user sees while a run goes on. Drawn between launches only: nothing wakes up while one is timed."""

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import timedelta
from statistics import median
from time import monotonic
from types import TracebackType
from typing import Any, Self

from rich.console import Console, RenderableType
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn
from rich.progress import Progress as Bar
from rich.table import Table
from rich.text import Text

from bench.core.matrix.arm_names import ARMS
from bench.core.matrix.plan import Launch
from bench.core.terminal import grid


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


class Progress:
    """A bar above what was measured so far on a terminal, one plain line a launch elsewhere, nothing when quiet."""

    def __init__(self, total: int, blocks: int, *, console: Console, quiet: bool = False) -> None:
        self.console, self.quiet = console, quiet
        self.total, self.blocks, self.done = total, blocks, 0
        self.begun = monotonic()
        self.so_far = SoFar()
        self.bar = _Bar(
            self.so_far,
            TextColumn("[bold]{task.description}"),
            BarColumn(bar_width=20),
            MofNCompleteColumn(),
            TextColumn("{task.fields[left]}"),
            console=console,
            auto_refresh=False,  # no thread of ours may run beside a timed inference
            disable=quiet or not console.is_terminal,
        )
        self.task = self.bar.add_task("", total=total, left="")

    def __enter__(self) -> Self:
        self.bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.bar.stop()

    def begin(self, launch: Launch) -> None:
        """Say what is launched next, and what was measured until now: the last that is drawn before it runs."""
        name = f"{launch.cell.id} {launch.arm} {self._block(launch.part, launch.block)}"
        self.bar.update(self.task, description=name, left=self._left(), refresh=True)

    def skip(self) -> None:
        """One launch fewer is to come."""
        self.total -= 1
        self.bar.update(self.task, total=self.total)

    def expect(self, total: int, blocks: int) -> None:
        """So many launches and blocks there will be, as far as is known by now."""
        self.total, self.blocks = total, blocks
        self.bar.update(self.task, total=total)

    def end(self, line: Mapping[str, Any]) -> None:
        """Say what came of it."""
        if line["replaced"]:
            self._say(line, f"again, the host was not quiet ({', '.join(line['host_window']['flags'])})")
            return
        self.done += 1
        self.bar.advance(self.task)
        self.so_far.add(line)
        result = _result(line) if line["reason"] is None else f"[red]failed[/red] ({line['reason']})"
        if not self.console.is_terminal or line["reason"] is not None:
            self._say(line, result)

    def _say(self, line: Mapping[str, Any], result: str) -> None:
        if not self.quiet:
            name = f"{line['cell']} {line['arm']} {self._block(line.get('part', 'timing'), line['block'])}"
            self.console.print(f"[{self.done}/{self.total}] {name}: {result}", highlight=False, soft_wrap=True)

    def _block(self, part: str, block: int) -> str:
        return f"block {block}/{self.blocks}" if part == "timing" else f"{part} {block}"

    def _left(self) -> str:
        if not self.done:
            return ""
        seconds = (monotonic() - self.begun) / self.done * (self.total - self.done)
        return f"{timedelta(seconds=round(seconds))} left"


def _result(line: Mapping[str, Any]) -> str:
    """The median of the samples, or of the windows' medians."""
    times = [window["median_ns"] for window in line["windows"]] if "windows" in line else line["samples"]
    return f"{median(times) / 1e6:.2f} ms" if times else "no samples"


class _Bar(Bar):
    """The bar, with a table below it."""

    def __init__(self, so_far: SoFar, *columns: Any, **options: Any) -> None:
        self.so_far = so_far
        super().__init__(*columns, **options)

    def get_renderables(self) -> Iterable[RenderableType]:
        """The bar first."""
        yield self.make_tasks_table(self.tasks)
        if self.so_far.cells:
            yield self.so_far.table(self.console.height - 4)


MOST = 12  # cells at once: those that were measured last
