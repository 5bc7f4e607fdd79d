"""Noticing that a run has grown, without getting in its way."""

import os
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from itertools import chain
from pathlib import Path
from typing import Any

from bench.journal.reader import JOURNAL, Run


def growth(runs: Sequence[Path], seconds: float) -> Iterator[None]:
    """Once at the start, and then each time when a journal of these run folders has grown; looks every `seconds`."""
    seen: list[int] | None = None
    while True:
        sizes = [_size(run / JOURNAL) for run in runs]
        if sizes != seen:
            seen = sizes
            yield
        time.sleep(seconds)


def is_whole(run: Run) -> bool:
    """Whether the journal has all that was planned: every timed launch, and the energy pass where there is a meter."""
    plan = run.facts.get("plan")
    timed = plan.get("launches") if isinstance(plan, dict) else None
    if not isinstance(timed, list):
        return True
    disturbed = {record["launch"] for record in run.launches if record.get("replaced") is True}  # to be launched again
    planned = chain((name for name in timed if _wanted(name, run)), _energy_pass(run.facts, timed))
    return all(isinstance(name, str) and name in run.lines and name not in disturbed for name in planned)


def _wanted(name: Any, run: Run) -> bool:
    """Whether a planned launch is still one: a cell that was measured enough has no more blocks (stopping.py)."""
    cell, _, block = str(name).rsplit("/", 2) if str(name).count("/") > 1 else (name, "", "")
    stop = run.stops.get(cell)
    return stop is None or not block.isdecimal() or int(block) <= stop["block"]


def _energy_pass(facts: dict[str, Any], timed: list[Any]) -> Iterator[str]:
    """Its launches in any order, from run.json, which anybody may have written."""
    try:
        count = int(facts["plan"]["energy"]["launches"]) if facts["sensors"]["meter"] else 0
    except (KeyError, TypeError, ValueError, OverflowError):
        return
    for place in {str(name).rpartition("/")[0] for name in timed}:
        for number in range(1, count + 1):
            yield from (f"{place}/{part}/{number}" for part in ("energy", "control"))


def stand_back() -> None:
    """Give this process only the time that nobody else wants: it may share the machine with what is being timed."""
    with suppress(OSError, AttributeError):  # not every system has the policy
        os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
    with suppress(OSError):
        os.nice(19)


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return -1
