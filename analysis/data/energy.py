"""The energy pass of a run: joules of one inference, with what they are uncertain by, from the readings as they came.

Columns, one row a launch of the energy pass, with units in the name; NaN or None where the launch does not say:

    launch, cell, device, framework, model, precision, arm, block   as of timed launches
    status, reason, message      `ok` or `failed`, and why there is no number
    inferences, seconds          how many, and from the first one's start to the last one's end
    median_ns                    of an inference: the median of the windows' medians
    energy_j                     per inference: all that was taken meanwhile
    energy_uncertainty_j         of that, expanded (k = 2, about 95 %)
    energy_sampling_j            a part of it (k = 1): too few readings
    energy_meter_j               a part of it (k = 1): the meter's limits; NaN where the vendor states none, and then
                                 the uncertainty lacks this part
    energy_idle_subtracted_j     per inference: without what rest would have taken
    energy_idle_subtracted_uncertainty_j   of that, expanded
    energy_baseline_j            a part of it (k = 1): the power at rest
    power_w, idle_power_w        mean power meanwhile, and at rest before
    temperature_c                the highest that any sensor said meanwhile
    throttled                    whether anything was held back meanwhile
    sampler_ratio                time of an inference with the sampler over the same without it
    scope, meter                 what the energy is of, and by which channels
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from math import nan
from typing import Any

import numpy as np
import pandas as pd

from analysis.data.energy_budget import Part, per_inference
from analysis.data.energy_integral import Joules, NoEnergy, Series, integrate, series_of
from analysis.data.fields import is_count, section, text
from analysis.data.throttling import held_back

Record = Mapping[str, Any]

_TEXTS = ("launch", "cell", "device", "framework", "model", "precision", "arm", "status", "reason", "message")
_FIGURES = (
    "seconds", "median_ns", "energy_j", "energy_uncertainty_j", "energy_sampling_j", "energy_meter_j",
    "energy_idle_subtracted_j", "energy_idle_subtracted_uncertainty_j", "energy_baseline_j", "power_w", "idle_power_w",
    "temperature_c", "sampler_ratio",
)  # fmt: skip
ENERGY_COLUMNS = (*_TEXTS, "block", "inferences", *_FIGURES, "throttled", "scope", "meter")


def energy_of(
    records: Iterable[Record], sensors: Record, names: Callable[[str], Mapping[str, str]]
) -> tuple[pd.DataFrame, list[str]]:
    """A row for each launch that was sampled, and what is to be said of those without a number.

    `sensors` is that part of run.json, `names` gives device, framework, model and precision of a cell. Never raises for
    what a journal says.
    """
    every = list(records)
    control = {_key(record): _median(record) for record in every if record.get("part") == "control"}
    rows, warnings = [], []
    for record in every:
        if record.get("part") == "control":
            continue
        row = _row(record, sensors, control.get(_key(record), nan)) | dict(names(record["cell"]))
        if row["message"] and row["reason"] == "sensor":
            warnings.append(f"{record['launch']}: no energy: {row['message']}")
        rows.append(row)
    return energy_frame(rows), warnings


def energy_frame(rows: list[dict[str, Any]]) -> pd.DataFrame:
    """Launches of the energy pass with the columns above and their types; none of them without rows."""
    types = dict.fromkeys(_FIGURES, "float64") | {"block": "int64", "inferences": "int64", "throttled": "bool"}
    return pd.DataFrame(rows, columns=list(ENERGY_COLUMNS)).astype(types)


def _row(record: Record, sensors: Record, control_ns: float) -> dict[str, Any]:
    row: dict[str, Any] = {key: record[key] for key in ("launch", "cell", "arm", "block")}
    row |= dict.fromkeys(("reason", "message")) | dict.fromkeys(_FIGURES, nan)
    row |= {"status": "failed", "inferences": 0, "throttled": False}
    meter, scope = sensors.get("meter"), sensors.get("scope")
    chosen = [str(name) for name in meter] if isinstance(meter, list) else []
    row |= {"scope": scope if isinstance(scope, str) else None, "meter": ", ".join(chosen) or None}
    if record.get("reason") is not None:
        return row | {"reason": text(record["reason"]), "message": text(record.get("message"))}
    try:
        start, end, inferences = _span(record.get("windows"))
    except NoEnergy as why:
        return row | {"reason": "damaged", "message": str(why)}
    median = _median(record)
    row |= {"inferences": inferences, "seconds": end - start, "median_ns": median, "sampler_ratio": median / control_ns}
    try:
        sensed = section(record, "sensed")
        row |= _surroundings(sensed, start, end)
        return row | _energy(sensed, chosen, start, end, inferences) | {"status": "ok"}
    except NoEnergy as why:
        return row | {"reason": "sensor", "message": str(why)}


def _span(windows: Any) -> tuple[float, float, int]:
    """From the first inference's start to the last one's end, in s, and how many there were."""
    if not isinstance(windows, list) or not windows:
        raise NoEnergy("it has no windows")
    keys = ("start_ns", "end_ns", "inferences")
    if not all(isinstance(window, dict) and all(is_count(window.get(key)) for key in keys) for window in windows):
        raise NoEnergy("its windows are damaged")
    start, end = windows[0]["start_ns"], windows[-1]["end_ns"]
    if end <= start:
        raise NoEnergy("its windows are damaged")
    return start / 1e9, end / 1e9, sum(window["inferences"] for window in windows)


def _energy(sensed: Record, chosen: Sequence[str], start: float, end: float, inferences: int) -> dict[str, Any]:
    """The figures of one launch, per inference."""
    if not chosen:
        raise NoEnergy("the run has no meter")
    known = {channel.get("channel"): channel for channel in _dicts(sensed.get("channels"))}
    _whole(sensed, chosen, end)
    rest = _rest(sensed, start)
    parts = []
    for name in chosen:
        try:
            if name not in known:
                raise NoEnergy("it was not there")
            series = series_of(sensed, known[name])
            # A counter's first reading comes a moment after its sampler's first word.
            begin = max(rest[0], float(series.at[0])) if len(series.at) else rest[0]
            parts.append(Part(integrate(series, start, end), _at_rest(series, begin, rest[1]), known[name]))
        except NoEnergy as why:
            raise NoEnergy(f"{name}: {why}") from None
    return per_inference(parts, inferences)


def _at_rest(series: Series, start: float, end: float) -> Joules:
    try:
        return integrate(series, start, end)
    except NoEnergy as why:
        raise NoEnergy(f"at rest, {why}") from None


def _whole(sensed: Record, chosen: Sequence[str], end: float) -> None:
    """No number is made of a channel that was lost before the last inference ended."""
    for event in _dicts(sensed.get("lost")):
        if event.get("channel") in chosen and not (is_count(event.get("t_ns")) and event["t_ns"] / 1e9 > end):
            raise NoEnergy(f"{event['channel']} was lost: {event.get('reason')}")


BEGIN_AND_END = 2  # moments


def _rest(sensed: Record, start: float) -> tuple[float, float]:
    bounds = sensed.get("baseline_ns")
    if not (isinstance(bounds, list) and len(bounds) == BEGIN_AND_END and all(map(is_count, bounds))):
        raise NoEnergy("it does not say when the board was at rest")
    return bounds[0] / 1e9, min(bounds[1] / 1e9, start)


def _surroundings(sensed: Record, start: float, end: float) -> dict[str, Any]:
    """The highest temperature, and whether anything was held back."""
    highest, held = nan, False
    for channel in _dicts(sensed.get("channels")):
        try:
            if channel.get("quantity") in ("temperature", "throttle"):
                series = series_of(sensed, {**channel, "method": "sampled"})
                inside = series.values[(series.at >= start) & (series.at <= end)]
                if channel["quantity"] == "throttle":
                    held = held or held_back(channel, inside)
                elif len(inside):
                    highest = float(np.fmax(highest, inside.max()))
        except NoEnergy:
            continue
    return {"temperature_c": highest, "throttled": held}


def _median(record: Record) -> float:
    times = [w["median_ns"] for w in _dicts(record.get("windows")) if is_count(w.get("median_ns"))]
    return float(np.median(times)) if times else nan


def _key(record: Record) -> tuple[Any, ...]:
    return record["cell"], record["arm"], record["block"]


def _dicts(value: Any) -> list[Record]:
    return [each for each in value if isinstance(each, Mapping)] if isinstance(value, list) else []
