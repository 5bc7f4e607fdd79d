"""Reports the progress of pushes and pulls."""

from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, Task, TaskID, TextColumn, TransferSpeedColumn
from rich.text import Text


class Watcher:
    """Receives the progress of pushes and pulls. This base class ignores it."""

    def begin(self, what: str, total: int | None = None) -> None:
        """A transfer begins. `total` is its size in bytes, None while it is unknown."""

    def advance(self, size: int) -> None:
        """`size` more bytes were transferred."""

    def end(self, said: str) -> None:
        """The transfer has ended; `said` is its result in words."""


class Transfers(Watcher):
    """Shows a bar for the current transfer on a terminal, and everywhere one line for each finished transfer."""

    def __init__(self, console: Console, *, quiet: bool = False) -> None:
        self.console, self.quiet = console, quiet
        columns = (TextColumn("{task.description}"), BarColumn(bar_width=24), _Bytes(), TransferSpeedColumn())
        self.bar = Progress(*columns, console=console, transient=True, disable=quiet or not console.is_terminal)
        self.task: TaskID | None = None

    def __enter__(self) -> Self:
        self.bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.bar.stop()

    def begin(self, what: str, total: int | None = None) -> None:
        """Show a new bar."""
        self._clear()
        self.task = self.bar.add_task(what, total=total)

    def advance(self, size: int) -> None:
        """Advance the bar."""
        if self.task is not None:
            self.bar.advance(self.task, size)

    def end(self, said: str) -> None:
        """Remove the bar and print the result."""
        self._clear()
        if not self.quiet:
            self.console.print(said, highlight=False, soft_wrap=True)

    def _clear(self) -> None:
        if self.task is not None:
            self.bar.remove_task(self.task)
        self.task = None


class _Bytes(DownloadColumn):
    """The transferred bytes; empty while the total is unknown."""

    def render(self, task: Task) -> Text:
        """Draw it."""
        return super().render(task) if task.total is not None else Text("")
