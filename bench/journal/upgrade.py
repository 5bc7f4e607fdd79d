"""Results of an older schema become today's as they are read; the files themselves stay as they were.

A step takes a record of one schema to the next, so a record of schema n goes through all steps from the n-th on. A
change of what `run.json` or a line means adds a step to both lists; a key that is only new needs none.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

Record = dict[str, Any]
Step = Callable[[Record], Record]


def _run_from_0(run: Record) -> Record:
    """Drafts kept the hash of `requirements.txt` only, as `locks`, which is not a recipe's; every arm had launches."""
    plan = run.get("plan")
    upgraded = {key: value for key, value in run.items() if key != "locks"} | {"recipes": {}}
    return upgraded | {"plan": {"armless": {}} | plan} if isinstance(plan, dict) else upgraded


def _line_from_0(line: Record) -> Record:
    """Drafts did not count attempts: a launch had one."""
    return {"attempt": 1} | line


RUN_STEPS: Sequence[Step] = (_run_from_0,)
LINE_STEPS: Sequence[Step] = (_line_from_0,)
SCHEMA = len(RUN_STEPS)


def schema_of(record: Mapping[str, Any]) -> int | None:
    """The schema of a run.json or a line, or None where it does not name one."""
    schema = record.get("schema")
    return schema if type(schema) is int and schema >= 0 else None


def upgrade(record: Record, steps: Sequence[Step]) -> Record:
    """The record as of today's schema. Its own schema must be known and not newer."""
    for step in steps[record["schema"] :]:
        record = step(record)
    return record | {"schema": SCHEMA}
