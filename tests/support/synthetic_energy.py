"""Lines of the energy pass that never happened, with known watts."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from bench.journal.journal import Journal, Run, read, write_run
from tests.support.synthetic import Truth, facts, line

SECOND = 10**9
CHANNEL = "um25c/rfcomm0/power"
RAPL = "rapl/package-0/energy"
HEAT = "thermal/cpu/temperature"


def channel(name: str = CHANNEL, **change: Any) -> dict[str, Any]:
    """The description of a channel as `runner sense` gives it."""
    sensor, place, quantity = name.split("/")
    said = {"channel": name, "sensor": sensor, "name": place, "quantity": quantity, "unit": "W", "scope": "board"}
    counted = {"unit": "J", "method": "counter"} if quantity == "energy" else {"method": "sampled"}
    return said | {"rate_hz": None, "accuracy": None, "source": "/sys/…"} | counted | change


def sensed(
    watts: dict[str, Callable[[float], float]],
    *,
    rest: float = 5.0,
    span: float = 20.0,
    step: float = 0.1,
    channels: list[dict[str, Any]] | None = None,
    **change: Any,
) -> dict[str, Any]:
    """What sensors said: rest from second 100 on, then a second of start, then inference; watts over time."""
    moments = [100 + index * step for index in range(round((rest + span + 2) / step))]
    return {
        "period_s": step,
        "channels": channels or [channel(name) for name in watts],
        "baseline_ns": [100 * SECOND, round((100 + rest) * SECOND)],
        "readings": {
            name: {"t_ns": [round(at * SECOND) for at in moments], "values": [said(at) for at in moments]}
            for name, said in watts.items()
        },
        "lost": [],
        "cpu_ns": SECOND // 10,
        "span_ns": round((rest + span + 2) * SECOND),
        **change,
    }


def steps(idle: float, active: float, begin: float = 106.0) -> Callable[[float], float]:
    """Watts that step up when the inferences begin."""
    return lambda at: active if at >= begin - 0.05 else idle


def energy_line(
    truth: Truth, arm: str, block: int, part: str = "energy", median_ms: float = 10.0, **change: Any
) -> dict[str, Any]:
    """A line of the energy pass: 20 windows of a second each, from second 106 on, 100 inferences a window."""
    made = line(truth, arm, block, [])
    del made["samples"], made["warmup"]
    windows = [
        {
            "start_ns": (106 + n) * SECOND,
            "end_ns": (107 + n) * SECOND,
            "inferences": 100,
            "median_ns": int(median_ms * 1e6),
        }
        for n in range(20)
    ]
    return made | {
        "launch": f"{truth.cell}/{arm}/{part}/{block}", "status": "energy", "part": part, "windows": windows,
    } | change  # fmt: skip


def sensors(meter: list[str] | None = None, scope: str = "board", **change: Any) -> dict[str, Any]:
    """That part of run.json."""
    return {
        "sensing": {},
        "channels": [],
        "lost": {},
        "meter": meter or [CHANNEL],
        "scope": scope,
        "reason": None,
    } | change


def add_energy(run: Run, watts: list[tuple[Truth, float, float]], launches: int = 2, **said: Any) -> Run:
    """The run with an energy pass behind it: watts of some cells at rest and at work, 100 inferences a second."""
    arms = list(dict.fromkeys(record["arm"] for record in run.launches))
    write_run(run.directory, run.facts | {"sensors": sensors(**said)})
    with Journal(run.directory) as journal:
        for truth, rest, active in watts:
            for arm in arms:
                for block in range(1, launches + 1):
                    heard = sensed({CHANNEL: steps(rest, active), HEAT: lambda _at: 51.0})
                    journal.append(energy_line(truth, arm, block, sensed=heard))
                    journal.append(energy_line(truth, arm, block, "control"))
    return read(run.directory)


def write_energy(folder: Path, truth: Truth, lines: list[dict[str, Any]], **said: Any) -> Run:
    """A run of these lines, written and read back."""
    write_run(folder, facts([truth], blocks=0) | {"sensors": sensors(**said)})
    with Journal(folder) as journal:
        for each in lines:
            journal.append(each)
    return read(folder)
