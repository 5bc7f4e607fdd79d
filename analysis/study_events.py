"""A thermal study's folder: what was planned, and what runner and sampler said, each line that is whole."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson

from bench.errors import ConfigError, HostError
from bench.study_folder import EVENTS, SCHEMA, STUDY

Event = dict[str, Any]


@dataclass(frozen=True)
class Study:
    """`facts` is study.json; times in the events are ns of the board's monotonic clock."""

    facts: dict[str, Any]
    windows: list[Event] = field(default_factory=list)
    readings: list[Event] = field(default_factory=list)
    lost: list[Event] = field(default_factory=list)
    channels: dict[str, Event] = field(default_factory=dict)
    ends: dict[str, Event] = field(default_factory=dict)  # source → its `done` or `error`
    warnings: list[str] = field(default_factory=list)


def read_study(folder: Path) -> Study:
    """Read a study, also one that was cut short. Raises ConfigError when the folder is none, HostError."""
    try:
        facts = orjson.loads((folder / STUDY).read_bytes())
    except FileNotFoundError:
        raise ConfigError(f"{folder} is no study: there is no {STUDY}") from None
    except (OSError, ValueError) as error:
        raise ConfigError(f"{folder / STUDY} cannot be read: {error}") from None
    if not isinstance(facts, dict) or facts.get("study") != "thermal":
        raise ConfigError(f"{folder / STUDY} is not a thermal study's")
    if facts.get("schema") != SCHEMA:
        raise ConfigError(f"{folder / STUDY} is of schema {facts.get('schema')}, this bench reads {SCHEMA}")
    study = Study(facts)
    try:
        with (folder / EVENTS).open("rb") as stream:
            for number, line in enumerate(stream, 1):
                _take(study, line, number)
    except FileNotFoundError:
        study.warnings.append(f"there is no {EVENTS}: nothing was measured")
    except OSError as error:
        raise HostError(f"cannot read {folder / EVENTS}: {error.strerror}") from error
    return study


def _take(study: Study, line: bytes, number: int) -> None:
    try:
        event = orjson.loads(line)
        kind = event["event"]
        if kind == "window":
            if not all(_is_ns(event[key]) for key in ("start_ns", "end_ns", "median_ns", "inferences")):
                raise ValueError("its numbers are none")
            study.windows.append(event)
        elif kind == "reading":
            values = {str(name): float(value) for name, value in event["values"].items()}
            if not _is_ns(event["at_ns"]):
                raise ValueError("its moment is none")
            study.readings.append({"at_ns": event["at_ns"], "values": values})
        elif kind == "lost":
            study.lost.append({key: str(event.get(key)) for key in ("sensor", "channel", "reason")})
        elif kind == "sensing":
            study.channels.update({str(channel["channel"]): channel for channel in event["channels"]})
        elif kind in ("done", "error"):
            study.ends[str(event.get("source"))] = event
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        study.warnings.append(f"{EVENTS} line {number} is left out: {error}")


def _is_ns(value: Any) -> bool:
    return type(value) is int and 0 < value < 2**62
