"""Upgrades records of older schemas when they are read. The files do not change.

Step n upgrades a record from schema n to n + 1. A change of the meaning of `run.json` or of a line adds a step to both
lists; an additional key needs no step.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

Record = dict[str, Any]
Step = Callable[[Record], Record]


def _run_from_0(run: Record) -> Record:
    """Drafts had only `locks`, the hash of `requirements.txt`, which is no recipe; every arm had launches."""
    plan = run.get("plan")
    upgraded = {key: value for key, value in run.items() if key != "locks"} | {"recipes": {}}
    return upgraded | {"plan": {"armless": {}} | plan} if isinstance(plan, dict) else upgraded


def _line_from_0(line: Record) -> Record:
    """Drafts did not count attempts: each launch had one."""
    return {"attempt": 1} | line


RUN_STEPS: Sequence[Step] = (_run_from_0,)
LINE_STEPS: Sequence[Step] = (_line_from_0,)
SCHEMA = len(RUN_STEPS)


def schema_of(record: Mapping[str, Any]) -> int | None:
    """Return the schema of a run.json or a line, or None if it names none."""
    schema = record.get("schema")
    return schema if type(schema) is int and schema >= 0 else None


def upgrade(record: Record, steps: Sequence[Step]) -> Record:
    """Return the record in today's schema. Its schema must be known and not newer."""
    for step in steps[record["schema"] :]:
        record = step(record)
    return record | {"schema": SCHEMA}
