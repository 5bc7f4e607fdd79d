"""Makes one line of the journal from the output of a launch (docs/results.md)."""

import json
from collections.abc import Mapping
from statistics import median
from typing import Any

from bench.arms.launch import Outcome
from bench.core.matrix.plan import Launch
from bench.core.version import now
from bench.journal.reader import ENERGY, SCHEMA


def median_ns(line: Mapping[str, Any]) -> float | None:
    """The median of a launch's samples in ns, or None without samples."""
    return float(median(line["samples"])) if line["status"] == "ok" and line["samples"] else None


def record(
    launch: Launch, attempt: int, started: str, outcome: Outcome, sensed: dict[str, Any] | None = None
) -> dict[str, Any]:
    """The journal's line for a launch. A launch that did not end with `done` has a reason and no numbers.

    `sensed` is what the sensors measured during a launch of the energy pass.
    """
    events = _events(outcome.stdout)
    reason, message = _verdict(events, outcome)
    said: dict[str, Any] = dict.fromkeys(("hello", "loaded", "output", "memory", "watch"))
    samples: dict[bool, list[int]] = {True: [], False: []}
    windows: list[dict[str, Any]] = []
    driven: dict[str, Any] = {}
    for event in events:
        name = event.pop("event", None)
        if name in said:
            said[name] = event
        elif name == "samples":
            samples[bool(event.get("warmup"))] += event.get("ns", [])
        elif name == "loadgen":
            driven = {"loadgen": event}
        elif name == "window":
            windows.append({key: event.get(key) for key in ("start_ns", "end_ns", "inferences", "median_ns")})
    numbers = {"samples": samples[False], "warmup": samples[True]} if launch.part == "timing" else {"windows": windows}
    return {
        "schema": SCHEMA,
        "launch": launch.id,
        "cell": launch.cell.id,
        "arm": launch.arm,
        "block": launch.block,
        **({} if launch.part == "timing" else {"part": launch.part}),
        "attempt": attempt,
        "started": started,
        "ended": now(),
        "status": ENERGY if launch.part != "timing" else "failed" if reason else "ok",
        "reason": reason,
        "message": message,
        "stderr": outcome.stderr if reason else None,
        "start_ns": outcome.start_ns,
        "created_ns": outcome.created_ns,
        "started_ns": outcome.started_ns,
        "wall_ns": outcome.wall_ns,
        "exit_code": outcome.exit_code,
        **said,
        **driven,
        **{key: [] if reason else each for key, each in numbers.items()},
        **({} if sensed is None else {"sensed": sensed}),
    }


def verdict(outcome: Outcome) -> tuple[str | None, str | None]:
    """Why a launch failed, as a class and in words; (None, None) when it succeeded."""
    return _verdict(_events(outcome.stdout), outcome)


def _events(stdout: bytes) -> list[dict[str, Any]]:
    events = []
    for line in stdout.decode("utf-8", "replace").splitlines():
        try:
            event = json.loads(line)
        except ValueError:
            event = None
        # A line that is not an event comes from an interrupted launch, or from a framework that wrote past the runner's
        # guard. It is ignored: the event `done` decides whether the launch is complete.
        if isinstance(event, dict):
            events.append(event)
    return events


def _verdict(events: list[dict[str, Any]], outcome: Outcome) -> tuple[str | None, str | None]:
    error = next((event for event in events if event.get("event") == "error"), None)
    if outcome.reason:
        return outcome.reason, outcome.message
    if error is not None:
        return str(error.get("class", "internal")), str(error.get("message", ""))
    done = any(event.get("event") == "done" for event in events)
    if not done or outcome.exit_code != 0:
        last = outcome.stderr.strip().splitlines()[-1:] or ["it said nothing"]
        return "start", f"the runner ended with exit code {outcome.exit_code} and no result: {last[0]}"
    return None, None
