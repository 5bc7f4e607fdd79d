"""The versions of bench and the current time, as run.json and the journal record them."""

import os
import subprocess
from datetime import UTC, datetime
from typing import Any

from bench.core.paths import PROJECT
from runner import __version__ as runner_version
from runner.protocol import PROTOCOL


def versions() -> dict[str, Any]:
    """The versions of bench, runner and protocol, and the git commit, None without a repository."""
    return {"bench": runner_version, "runner": runner_version, "protocol": PROTOCOL, "git": _git()}


def now() -> str:
    """The time as ISO 8601 in UTC, to the millisecond."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")


def _git() -> str | None:
    def ask(*words: str) -> str | None:
        try:
            said = subprocess.run(["git", "-C", str(PROJECT), *words], capture_output=True, text=True, timeout=10)
        except OSError:
            return None
        return said.stdout.strip() if said.returncode == 0 else None

    if built := os.environ.get("EDGEBENCH_GIT"):  # bench's own image, which has no repository
        return built
    commit = ask("rev-parse", "HEAD")
    return f"{commit}-dirty" if commit and ask("status", "--porcelain", "--untracked-files=no") else commit
