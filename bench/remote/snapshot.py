"""A local copy of some files of a board, fetched in one answer, for code that reads files below a root."""

import base64
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from bench.remote.agent_client import AgentClient


@contextmanager
def snapshot(board: AgentClient, patterns: Sequence[str]) -> Iterator[tuple[Path, int]]:
    """Yield a folder with the files that match these patterns, and the time of the board's clock, in ns."""
    answer = board.call("gather", patterns=list(patterns))
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        for path, content in answer["files"].items():
            copy = root / path.lstrip("/")
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_bytes(base64.b64decode(content))
        yield root, int(answer["t_ns"])
