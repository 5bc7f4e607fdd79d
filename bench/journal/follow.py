"""Follows the journals of running measurements without disturbing them."""

import os
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from itertools import chain
from pathlib import Path
from typing import Any

from bench.journal.reader import JOURNAL, Run


def growth(runs: Sequence[Path], seconds: float) -> Iterator[None]:
    """Yield once at the start, then whenever one of the journals has grown. Checks every `seconds`."""
    seen: list[int] | None = None
    while True:
        sizes = [_size(run / JOURNAL) for run in runs]
        if sizes != seen:
            seen = sizes
            yield
        time.sleep(seconds)


def is_whole(run: Run) -> bool:
    """Return whether the journal has every planned launch, and the energy pass if there is a meter."""
    plan = run.facts.get("plan")
    timed = plan.get("launches") if isinstance(plan, dict) else None
    if not isinstance(timed, list):
        return True
    disturbed = {
        record["launch"] for record in run.launches if record.get("replaced") is True
    }  # these are launched again
    planned = chain((name for name in timed if _wanted(name, run)), _energy_pass(run.facts, timed))
    return all(isinstance(name, str) and name in run.lines and name not in disturbed for name in planned)


def _wanted(name: Any, run: Run) -> bool:
    """Return whether a launch is still planned: a stopped cell has no more blocks (stopping.py)."""
    cell, _, block = str(name).rsplit("/", 2) if str(name).count("/") > 1 else (name, "", "")
    stop = run.stops.get(cell)
    return stop is None or not block.isdecimal() or int(block) <= stop["block"]


def _energy_pass(facts: dict[str, Any], timed: list[Any]) -> Iterator[str]:
    """Yield the launches of the energy pass, in any order. run.json may be malformed."""
    try:
        count = int(facts["plan"]["energy"]["launches"]) if facts["sensors"]["meter"] else 0
    except (KeyError, TypeError, ValueError, OverflowError):
        return
    for place in {str(name).rpartition("/")[0] for name in timed}:
        for number in range(1, count + 1):
            yield from (f"{place}/{part}/{number}" for part in ("energy", "control"))


def stand_back() -> None:
    """Run at idle priority: the machine may be timing a launch."""
    with suppress(OSError, AttributeError):  # not every system has the policy
        os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
    with suppress(OSError):
        os.nice(19)


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return -1
