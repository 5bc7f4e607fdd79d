"""A thermal study's answer: how fast, how warm, how held back a board is, minute by minute, and whether it was steady.

Steady is what stays: from its first minute on, every whole minute's mean temperature (of the sensor that ends up
warmest) lies within 1 °C, and every minute's median time of an inference within 2 %, of the last minute's; at least
five minutes must agree. Without a temperature sensor the times alone decide, and the answer says so.
"""

from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd

from analysis.data.throttling import STAYS, words
from analysis.experiments.thermal_events import Recording

KELVIN, PART, LEAST = 1.0, 0.02, 5  # °C, part of the time, minutes
FRAME = ["time_s", "quantity", "series", "value"]
TITLES = {"latency": "inference, ms", "temperature": "°C", "frequency": "MHz", "power": "W"}


def over_time(recording: Recording) -> pd.DataFrame:
    """One row a number: `time_s` from the first inference's start, `quantity`, `series` (whose it is), `value`.

    Latency is the median of each window, in ms; energy counters are told as the power since the reading before.
    """
    if not recording.windows:
        return pd.DataFrame(columns=FRAME)
    begin, meter = recording.windows[0]["start_ns"], meter_of(recording)
    rows = [((w["end_ns"] - begin) / 1e9, "latency", "inference", w["median_ns"] / 1e6) for w in recording.windows]
    for reading in recording.readings:
        at = (reading["at_ns"] - begin) / 1e9
        for name, value in reading["values"].items():
            quantity = str(recording.channels.get(name, {}).get("quantity"))
            if quantity in ("power", "energy") and meter and name not in meter:
                continue  # a rail that another holds, or that is not the board's
            rows.append((at, quantity, name.removesuffix(f"/{quantity}"), value))
    frame = pd.DataFrame(rows, columns=FRAME)
    return pd.concat([frame[frame["quantity"] != "energy"], _powers(frame)], ignore_index=True)


def meter_of(recording: Recording) -> list[str]:
    """The channels whose powers add up to the board's; empty where nobody knows which do."""
    sensors = recording.facts.get("sensors")
    meter = sensors.get("meter") if isinstance(sensors, dict) else None
    return [str(name) for name in meter] if isinstance(meter, list) else []


def _powers(frame: pd.DataFrame) -> pd.DataFrame:
    counted = frame[frame["quantity"] == "energy"].sort_values("time_s")
    groups = counted.groupby("series")
    watts = groups["value"].diff() / groups["time_s"].diff()
    return counted.assign(quantity="power", value=watts).dropna()


def answer(recording: Recording) -> dict[str, Any]:
    """The whole answer as one dictionary, what has no number being null: `bench measure thermal --json`."""
    frame = over_time(recording)
    end = (recording.windows[-1]["end_ns"] - recording.windows[0]["start_ns"]) / 1e9 if recording.windows else 0.0
    during = frame[(frame["time_s"] >= 0) & (frame["time_s"] <= end)]
    minutes = _minutes(during, end)
    warmest = _warmest(minutes)
    facts = recording.facts
    return {
        "schema": 1,
        "id": facts.get("id"),
        **{key: facts.get(key) for key in ("created", "cell", "arm", "minutes", "cooldown", "host")},
        "seconds": end,
        "inferences": sum(window["inferences"] for window in recording.windows),
        "warmest": warmest,
        "meter": meter_of(recording),
        "scope": (facts.get("sensors") or {}).get("scope"),
        "steady": steady(minutes, warmest),
        "by_minute": minutes,
        "throttling": _throttling(recording),
        "lost": recording.lost,
        "ended": _ended(recording),
        "warnings": recording.warnings,
    }


def _minutes(during: pd.DataFrame, end: float) -> list[dict[str, Any]]:
    """Per whole minute: `minute`, `latency_ms` (median), and the means of every series by quantity."""
    rows = []
    for minute in range(1, int(end // 60) + 1):
        within = during[(during["time_s"] > 60 * (minute - 1)) & (during["time_s"] <= 60 * minute)]
        row: dict[str, Any] = {"minute": minute, "latency_ms": None}
        times = within.loc[within["quantity"] == "latency", "value"]
        row["latency_ms"] = float(times.median()) if len(times) else None
        for quantity in ("temperature", "frequency", "power"):
            means = within[within["quantity"] == quantity].groupby("series")["value"].mean()
            row[quantity] = {str(name): float(mean) for name, mean in means.items()}
        rows.append(row)
    return rows


def _warmest(minutes: list[dict[str, Any]]) -> str | None:
    heats = minutes[-1]["temperature"] if minutes else {}
    return max(heats, key=heats.__getitem__) if heats else None


def steady(minutes: list[dict[str, Any]], warmest: str | None) -> dict[str, Any]:
    """`reached`, `from_minute`, `latency_ms`, `temperature_c` and `reason`, by the rule above."""
    nothing = {"reached": False, "from_minute": None, "latency_ms": None, "temperature_c": None}
    if len(minutes) < LEAST:
        return nothing | {"reason": f"{len(minutes)} whole minutes were measured, and {LEAST} must agree"}
    heats = [row["temperature"].get(warmest, np.nan) for row in minutes]
    times = [np.nan if row["latency_ms"] is None else row["latency_ms"] for row in minutes]
    counts = {"time": _agreeing(np.abs(np.divide(times, times[-1]) - 1) <= PART)}
    if warmest is not None:
        counts["temperature"] = _agreeing(np.abs(np.subtract(heats, heats[-1])) <= KELVIN)
    which = min(counts, key=counts.__getitem__)
    if (count := counts[which]) < LEAST:
        number = f"{count} minutes agree" if count > 1 else "minute is like itself"
        return nothing | {"reason": f"{which} still changed: only the last {number}, and {LEAST} must agree"}
    last = slice(len(minutes) - count, None)
    return {
        "reached": True,
        "from_minute": len(minutes) - count + 1,
        "latency_ms": float(np.median(times[last])),
        "temperature_c": float(np.mean(heats[last])) if warmest else None,
        "reason": None if warmest else "by time alone: no sensor here tells a temperature",
    }


def _agreeing(agree: Any) -> int:
    """How many of the last entries are true."""
    return len(agree) if agree.all() else int(np.argmin(agree[::-1]))


def _throttling(recording: Recording) -> list[dict[str, Any]]:
    """What held the board back, in its order: `channel`, `what`, `from_s`, `to_s`; a count went up between the two."""
    begin = recording.windows[0]["start_ns"] if recording.windows else 0
    found: list[dict[str, Any]] = []
    for name, channel in recording.channels.items():
        if channel.get("quantity") == "throttle":
            moments = [
                ((r["at_ns"] - begin) / 1e9, r["values"][name]) for r in recording.readings if name in r["values"]
            ]
            changes = channel.get("method") == "counter" or channel.get("name") == STAYS
            found += (_increases if changes else _spans)(name, channel, moments)
    return sorted(found, key=lambda event: float(event["from_s"]))


def _spans(name: str, channel: Any, moments: list[tuple[float, float]]) -> list[dict[str, Any]]:
    """From the reading at which a state began to the one at which it was over, or to the last."""
    spans: list[dict[str, Any]] = []
    last = 0.0
    for at, value in moments:
        if last:
            spans[-1]["to_s"] = at
        if value and value != last:
            spans.append({"channel": name, "what": words(channel, value), "from_s": at, "to_s": at})
        last = value
    return spans


def _increases(name: str, channel: Any, moments: list[tuple[float, float]]) -> list[dict[str, Any]]:
    events = []
    for (earlier, before), (later, after) in pairwise(moments):
        if after != before:
            grown = int(after) & ~int(before) if channel.get("bits") else after - before
            events.append({"channel": name, "what": words(channel, grown), "from_s": earlier, "to_s": later})
    return events


def _ended(recording: Recording) -> str | None:
    """Why the study ended before its time, or null."""
    end = recording.ends.get("runner")
    if end is None:
        return "the runner said no last word: it was ended, or the board went off"
    return None if end.get("event") == "done" else f"{end.get('class')}: {end.get('message')}"
