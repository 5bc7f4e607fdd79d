"""What a launch spent its time on until its first answer, from the events that its journal line keeps."""

from typing import Any

from analysis.fields import is_duration, section

# In their order: `start` is everything between bench's request and the import of the framework (for a container its
# creation, then the interpreter's own start), `import` the framework's, `load` the model's (reading it, building the
# graph), `first` the first inference.
PHASES = ("start", "import", "load", "first")


def phases(record: dict[str, Any]) -> dict[str, float]:
    """Phase → ns, of a line of the journal; what the line does not say is left out.

    `start` is a difference of two readings of the monotonic clock, which all arms of one machine share.
    """
    hello, loaded = section(record, "hello"), section(record, "loaded")
    imported = hello.get("import_ns")
    said: dict[str, Any] = {"import": imported, "load": loaded.get("load_ns"), "first": loaded.get("first_ns")}
    asked, greeted = record.get("start_ns"), hello.get("t_ns")
    if type(asked) is int and type(greeted) is int and type(imported) is int:
        said["start"] = greeted - imported - asked
    return {name: float(said[name]) for name in PHASES if is_duration(said.get(name))}
