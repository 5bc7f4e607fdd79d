"""What a launch spent its time on until its first answer, from the moments that its journal line keeps.

All moments are of the monotonic clock, which all processes of one machine share, so bench's and the runner's may be
subtracted. In their order:

    create       the engine makes the container; a process needs no such thing
    start        from there until the kernel has made the process
    interpreter  until the runner's first line: what the runtime (container), the mounting shell (rootfs) or taskset
                 (native) do first in that very process, then the interpreter's own start
    import       the framework's modules and libraries
    load         reading the model, building the graph
    first        the first inference

The runner's own checks (hashing the model, making the input) lie between them and are left out: a user has none.
The kernel tells the start of a process in ticks (10 ms as a rule), rounded down; half a tick is added, so that a mean
over launches is right and a single one within half a tick. Older lines do not tell it, and `start` is all of the first
three there.
"""

from collections.abc import Mapping
from typing import Any

from analysis.data.fields import is_duration, section

PHASES = ("create", "start", "interpreter", "import", "load", "first")
TOTAL = "total"
_NEEDED = frozenset({"start", "import", "load", "first"})
_STARTED = ("process_start", "process_start_resolution", "first_line")


def phases(record: dict[str, Any]) -> dict[str, float]:
    """Phase → ns, of a line of the journal; what the line does not say is left out."""
    hello, loaded = section(record, "hello"), section(record, "loaded")
    said = {"import": hello.get("import_ns"), "load": loaded.get("load_ns"), "first": loaded.get("first_ns")}
    said |= _before(record, hello)
    return {name: float(ns) for name in PHASES if is_duration(ns := said.get(name))}


def total(found: Mapping[str, float]) -> float:
    """From bench's request to the first answer, in ns, of the phases of a launch; NaN where one is missing."""
    return sum(found.values()) if found.keys() >= _NEEDED else float("nan")


def _before(record: Mapping[str, Any], hello: Mapping[str, Any]) -> dict[str, int]:
    """What comes before the import."""
    asked = _moment(record, "start_ns")
    made, tick, line = (_moment(hello, f"{name}_ns") for name in _STARTED)
    if asked is None:
        return {}
    if made is None or tick is None or line is None:
        greeted, imported = _moment(hello, "t_ns"), _moment(hello, "import_ns")
        return {} if greeted is None or imported is None else {"start": greeted - imported - asked}
    created = _moment(record, "created_ns")
    there = asked if created is None else created
    made = min(max(made + tick // 2, there + 1), line - 1)  # not before it was asked for
    return {"create": there - asked, "start": made - there, "interpreter": line - made}


def _moment(part: Mapping[str, Any], key: str) -> int | None:
    value = part.get(key)
    return value if type(value) is int and value >= 0 else None
