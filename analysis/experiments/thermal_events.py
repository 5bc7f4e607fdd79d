"""A thermal study's folder: what was planned, and what runner and sampler said, each line that is whole."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson

from analysis.data.fields import is_count
from bench.core.errors import ConfigError, HostError
from bench.journal.study_folder import EVENTS, SCHEMA, STUDY

Event = dict[str, Any]


@dataclass(frozen=True)
class Recording:
    """`facts` is recording.json; times in the events are ns of the board's monotonic clock."""

    facts: dict[str, Any]
    windows: list[Event] = field(default_factory=list)
    readings: list[Event] = field(default_factory=list)
    lost: list[Event] = field(default_factory=list)
    channels: dict[str, Event] = field(default_factory=dict)
    ends: dict[str, Event] = field(default_factory=dict)  # source → its `done` or `error`
    warnings: list[str] = field(default_factory=list)


def read_recording(folder: Path) -> Recording:
    """Read a recording, also one that was cut short. Raises ConfigError when the folder is none, HostError."""
    try:
        facts = orjson.loads((folder / STUDY).read_bytes())
    except FileNotFoundError:
        raise ConfigError(f"{folder} is no recording: there is no {STUDY}") from None
    except (OSError, ValueError) as error:
        raise ConfigError(f"{folder / STUDY} cannot be read: {error}") from None
    if not isinstance(facts, dict) or facts.get("study") != "thermal":
        raise ConfigError(f"{folder / STUDY} is not a thermal study's")
    if facts.get("schema") != SCHEMA:
        raise ConfigError(f"{folder / STUDY} is of schema {facts.get('schema')}, this bench reads {SCHEMA}")
    recording = Recording(facts)
    try:
        with (folder / EVENTS).open("rb") as stream:
            for number, line in enumerate(stream, 1):
                _take(recording, line, number)
    except FileNotFoundError:
        recording.warnings.append(f"there is no {EVENTS}: nothing was measured")
    except OSError as error:
        raise HostError(f"cannot read {folder / EVENTS}: {error.strerror}") from error
    return recording


def _take(recording: Recording, line: bytes, number: int) -> None:
    try:
        event = orjson.loads(line)
        kind = event["event"]
        if kind == "window":
            if not all(is_count(event[key]) for key in ("start_ns", "end_ns", "median_ns", "inferences")):
                raise ValueError("its numbers are none")
            recording.windows.append(event)
        elif kind == "reading":
            values = {str(name): float(value) for name, value in event["values"].items()}
            if not is_count(event["at_ns"]):
                raise ValueError("its moment is none")
            recording.readings.append({"at_ns": event["at_ns"], "values": values})
        elif kind == "lost":
            recording.lost.append({key: str(event.get(key)) for key in ("sensor", "channel", "reason")})
        elif kind == "sensing":
            recording.channels.update({str(channel["channel"]): channel for channel in event["channels"]})
        elif kind in ("done", "error"):
            recording.ends[str(event.get("source"))] = event
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        recording.warnings.append(f"{EVENTS} line {number} is left out: {error}")
