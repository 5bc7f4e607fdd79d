"""What a user sees while images are built, and the table at the end."""

import time
from threading import Lock
from typing import Any

from rich.console import Console, Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from bench.images.build import BuildResult, Watcher


class Lines(Watcher):
    """A plain line when an image's build begins and when it ends: for logs."""

    def __init__(self, console: Console) -> None:
        self.console = console

    def begin(self, name: str) -> None:
        """Say so."""
        self.console.print(f"{name}: building", highlight=False)

    def end(self, built: BuildResult) -> None:
        """Say what came of it."""
        self.console.print(f"{built.name}: {built.result} in {built.seconds:.0f} s", highlight=False)


class Board(Watcher):
    """A line on the terminal for each image that is being built: for how long, and what its builder said last."""

    def __init__(self, console: Console, total: int) -> None:
        self.total, self.done = total, 0
        self.running: dict[str, tuple[float, str]] = {}
        self.lock = Lock()
        self.live = Live(console=console, get_renderable=self._draw, refresh_per_second=4, transient=True)

    def begin(self, name: str) -> None:
        """Add the image's line."""
        with self.lock:
            self.running[name] = time.monotonic(), ""

    def log(self, name: str, line: str) -> None:
        """Show the line, when there is something on it."""
        with self.lock:
            if line.strip():
                self.running[name] = self.running[name][0], line

    def end(self, built: BuildResult) -> None:
        """Take the image's line away, and leave one that stays."""
        with self.lock:
            del self.running[built.name]
            self.done += 1
        self.live.console.print(f"{built.name}: {built.result} in {built.seconds:.0f} s", highlight=False)

    def _draw(self) -> Group:
        with self.lock:
            lines = [
                Text(f"{name} {time.monotonic() - since:.0f} s  {said}", no_wrap=True, overflow="ellipsis")
                for name, (since, said) in self.running.items()
            ]
            return Group(*lines, Text(f"{self.done} of {self.total} images", style="bold"))


def table(done: list[BuildResult]) -> Table:
    """What came of each image."""
    shown = Table("image", "platform", "result", box=None, pad_edge=False)
    for name in ("seconds", "size", "layers shared"):
        shown.add_column(name, justify="right")
    for built in done:
        size = f"{built.size_bytes / 1e6:.0f} MB" if built.size_bytes else "–"
        shared = f"{built.shared} of {built.layers}" if built.layers else "–"
        style = "red" if built.error else ""
        result = Text(built.result, style=style)
        shown.add_row(Text(built.name), built.platform, result, f"{built.seconds:.0f}", size, shared)
    return shown


def row(built: BuildResult) -> dict[str, Any]:
    """The same for programs."""
    return {
        "image": built.name,
        "platform": built.platform,
        "result": built.result,
        "seconds": round(built.seconds, 1),
        "size_bytes": built.size_bytes,
        "layers": built.layers,
        "layers_shared": built.shared,
        "error": str(built.error) if built.error else None,
    }
