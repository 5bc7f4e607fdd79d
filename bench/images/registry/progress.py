"""Images that travel: what is told of them, and what a user sees of that."""

from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, Task, TaskID, TextColumn, TransferSpeedColumn
from rich.text import Text


class Watcher:
    """Is told how pushes and pulls go on. This one does not listen."""

    def begin(self, what: str, total: int | None = None) -> None:
        """Something begins: how many bytes are to travel, or None when that is not known yet."""

    def advance(self, size: int) -> None:
        """These many bytes more have travelled."""

    def end(self, said: str) -> None:
        """It has ended, and this is what came of it."""


class Transfers(Watcher):
    """A bar on a terminal for what travels, elsewhere nothing; in both a line that stays for what has ended."""

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
        """Show the bar of something new."""
        self._clear()
        self.task = self.bar.add_task(what, total=total)

    def advance(self, size: int) -> None:
        """Move the bar on."""
        if self.task is not None:
            self.bar.advance(self.task, size)

    def end(self, said: str) -> None:
        """Take the bar away, and leave the line."""
        self._clear()
        if not self.quiet:
            self.console.print(said, highlight=False, soft_wrap=True)

    def _clear(self) -> None:
        if self.task is not None:
            self.bar.remove_task(self.task)
        self.task = None


class _Bytes(DownloadColumn):
    """How much of it has travelled; nothing while that is not known."""

    def render(self, task: Task) -> Text:
        """Draw it."""
        return super().render(task) if task.total is not None else Text("")
