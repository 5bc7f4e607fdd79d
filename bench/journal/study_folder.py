"""The folder of a study that measures; it lies beside the folders of runs (docs/results.md)."""

from pathlib import Path

from bench.core.errors import ConfigError
from bench.core.suggest import nearest

STUDY, EVENTS = "study.json", "events.jsonl"
SCHEMA = 1


def find_study(results: Path, name: str) -> Path:
    """Return the folder of a study, given as a path, an id or `latest`. Raises ConfigError."""
    if (Path(name) / STUDY).is_file():
        return Path(name)
    studies = sorted(path.parent.name for path in results.glob(f"*/{STUDY}"))
    if name == "latest" and studies:
        return results / studies[-1]
    if name in studies:
        return results / name
    raise ConfigError(f"no study '{name}' in {results}: {nearest(name, studies)}", "--results names their folder")
