"""The report of a step, `made.json`: models/report.py writes it, this module reads and checks it (docs/store.md)."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from bench.core.errors import HostError
from bench.core.matrix.artifact_kind import Kind

REPORT = "made.json"


@dataclass(frozen=True, kw_only=True)
class ArtifactRecord:
    """One artifact that a step made. `entry` is its whole record, as the store keeps it."""

    kind: Kind
    file: str  # relative to the folder of the report
    parity: dict[str, Any]  # distance of the outputs from the reference
    entry: dict[str, Any]

    @classmethod
    def parse(cls, entry: dict[str, Any]) -> Self:
        """Check one entry of a report. Raises KeyError, TypeError or ValueError."""
        kind = Kind(str(entry["format"]), str(entry["precision"]))
        if entry["axes"] is not None and not isinstance(entry["axes"], list):
            raise TypeError("`axes` is neither a list nor null")
        return cls(kind=kind, file=str(entry["file"]), parity=dict(entry["parity"]), entry=entry)


@dataclass(frozen=True, kw_only=True)
class StepReport:
    """The artifacts of a step, its failures (kind → message), and the facts of the model that it defines."""

    artifacts: tuple[ArtifactRecord, ...]
    failed: dict[str, str]
    facts: dict[str, Any]

    @classmethod
    def read(cls, folder: Path) -> Self:
        """Read the report in the folder that a step wrote. Raises HostError if it is missing or malformed."""
        try:
            facts = dict(json.loads((folder / REPORT).read_text(encoding="utf-8")))
            artifacts = tuple(ArtifactRecord.parse(entry) for entry in facts.pop("artifacts"))
            failed = {str(kind): str(message) for kind, message in facts.pop("failed", {}).items()}
        except (OSError, AttributeError, KeyError, TypeError, ValueError) as error:
            what = f"the step left no valid {REPORT}: {type(error).__name__}: {error}"
            raise HostError(
                what, "the programs of the step are in models/; its output is in logs/ of the store"
            ) from None
        return cls(artifacts=artifacts, failed=failed, facts=facts)

    @property
    def made(self) -> dict[str, Any]:
        """Return facts and artifacts as `Store.record` takes them."""
        return {**self.facts, "artifacts": [artifact.entry for artifact in self.artifacts]}
