"""Files of a board as a folder here, read in one answer: for what reads a machine's files below a root."""

import base64
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from bench.remote.agent_client import AgentClient


@contextmanager
def snapshot(board: AgentClient, patterns: Sequence[str]) -> Iterator[tuple[Path, int]]:
    """A folder with the files that these patterns stand for there, and the moment, by the board's clock in ns."""
    answer = board.call("gather", patterns=list(patterns))
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        for path, content in answer["files"].items():
            copy = root / path.lstrip("/")
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_bytes(base64.b64decode(content))
        yield root, int(answer["t_ns"])
