"""Studies of a board that never was: it warms up towards a temperature, and from some heat on it slows down."""

import json
from math import exp
from pathlib import Path
from typing import Any

SECOND = 10**9
HEAT, GPU, STATE, CLOCK, WATTS = (
    "thermal/CPU-therm/temperature",
    "thermal/GPU-therm/temperature",
    "throttle/thermal-cpufreq-0/throttle",
    "cpufreq/policy0/frequency",
    "um25c/rfcomm0/power",
)


def channel(name: str, **change: Any) -> dict[str, Any]:
    sensor, place, quantity = name.split("/")
    return {
        "channel": name,
        "sensor": sensor,
        "name": place,
        "quantity": quantity,
        "unit": "",
        "method": "sampled",
    } | change


def heat(second: float, start: float = 40.0, end: float = 75.0, constant: float = 180.0) -> float:
    return end - (end - start) * exp(-max(0.0, second) / constant)


def write_study(
    folder: Path, minutes: int = 20, slow_above: float = 70.0, events: list[dict[str, Any]] | None = None, **said: Any
) -> Path:
    """A study's folder; `events` replaces what was heard."""
    folder.mkdir(parents=True)
    facts = {
        "schema": 1, "study": "thermal", "id": folder.name, "created": "2026-11-24T10:15:00Z", "arm": "native",
        "cell": "host/tflite/resnet-18/fp32", "minutes": minutes, "cooldown": 0, "host": {},
        "sensors": {"meter": [WATTS], "scope": "board"},
    }  # fmt: skip
    (folder / "study.json").write_text(json.dumps(facts | said))
    lines = list(heard(minutes, slow_above)) if events is None else events
    (folder / "events.jsonl").write_text("".join(json.dumps(each) + "\n" for each in lines))
    return folder


def heard(minutes: int, slow_above: float) -> list[dict[str, Any]]:
    """What sampler and runner say, a reading and a window a second."""
    channels = [channel(HEAT), channel(GPU), channel(STATE, unit="state"), channel(CLOCK), channel(WATTS)]
    events: list[dict[str, Any]] = [{"source": "sampler", "event": "sensing", "t_ns": SECOND, "channels": channels}]
    for second in range(60 * minutes):
        now = heat(second)
        slow = now > slow_above
        values = {
            HEAT: now,
            GPU: now - 5,
            STATE: 2 if slow else 0,
            CLOCK: 1200 if slow else 1800,
            WATTS: 5 if slow else 6,
        }
        at = 100 * SECOND + second * SECOND
        events.append({"source": "sampler", "event": "reading", "at_ns": at + SECOND // 2, "values": values})
        median = 15_000_000 if slow else 10_000_000
        window = {"start_ns": at, "end_ns": at + SECOND, "inferences": 10**9 // median, "median_ns": median}
        events.append({"source": "runner", "event": "window", **window})
    events.append({"source": "runner", "event": "done", "samples": 1})
    events.append({"source": "sampler", "event": "done", "readings": 60 * minutes})
    return events
