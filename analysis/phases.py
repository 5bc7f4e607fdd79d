"""What a launch spent its time on until its first answer, from the events that its journal line keeps."""

from collections.abc import Mapping
from typing import Any

# In their order: `start` is everything between bench's request and the import of the framework (for a container its
# creation, then the interpreter's own start), `import` the framework's, `load` the model's (reading it, building the
# graph), `first` the first inference.
PHASES = ("start", "import", "load", "first")
_LONGEST = 24 * 3600 * 10**9


def phases(record: Mapping[str, Any]) -> dict[str, float]:
    """Phase → ns, of a line of the journal; what the line does not say is left out.

    `start` is a difference of two readings of the monotonic clock, which all arms of one machine share.
    """
    hello, loaded = _part(record, "hello"), _part(record, "loaded")
    imported = hello.get("import_ns")
    said: dict[str, Any] = {"import": imported, "load": loaded.get("load_ns"), "first": loaded.get("first_ns")}
    asked, greeted = record.get("start_ns"), hello.get("t_ns")
    if type(asked) is int and type(greeted) is int and type(imported) is int:
        said["start"] = greeted - imported - asked
    return {name: float(said[name]) for name in PHASES if _is_duration(said.get(name))}


def _part(record: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    part = record.get(name)
    return part if isinstance(part, Mapping) else {}


def _is_duration(value: Any) -> bool:
    return type(value) is int and 0 < value < _LONGEST
