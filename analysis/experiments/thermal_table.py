"""A thermal study's answer on the terminal: a table of minutes, then sentences. Fits 80 columns."""

from collections.abc import Sequence
from typing import Any

from rich.console import Console
from rich.padding import Padding
from rich.table import Table

from analysis.data.number_format import digits
from bench.core.terminal import grid, safe, say

ROWS = 12  # minutes that the table shows, spread over the study
COLUMNS = ("minute", "inference, ms", "warmest °C", "MHz", "W")


def show(answer: dict[str, Any], console: Console) -> None:
    """Print the answer."""
    console.print(safe(f"Thermal study {answer['id']}", "bold"), safe(f"{answer['cell']} {answer['arm']}"), sep="  ")
    table = _minutes(answer)
    if table.row_count:
        console.print(Padding(table, (0, 0, 0, 2), expand=False))
    say(sentences(answer), console)


def sentences(answer: dict[str, Any]) -> list[str]:
    """What the study says, in plain words."""
    return [_steady(answer["steady"]), *_held_back(answer), *_power(answer), *_missing(answer)]


def minutes(answer: dict[str, Any]) -> list[Sequence[float | None]]:
    """Of each minute, as COLUMNS say: the time of an inference, the warmest sensor, the fastest clock, the power."""
    warmest, meter = answer["warmest"], len(answer["meter"])
    return [
        (
            row["minute"],
            row["latency_ms"],
            row["temperature"].get(warmest),
            max(row["frequency"].values(), default=None),
            # The sum of all the channels of the meter, or nothing.
            sum(row["power"].values()) if meter and len(row["power"]) == meter else None,
        )
        for row in answer["by_minute"]
    ]


def _minutes(answer: dict[str, Any]) -> Table:
    rows = minutes(answer)
    table = grid()
    for name in COLUMNS:
        table.add_column(name, justify="right", min_width=6)
    step = max(1, -(-len(rows) // ROWS))
    for index in sorted({*range(0, len(rows), step), len(rows) - 1} if rows else ()):
        minute, *figures = rows[index]
        table.add_row(str(minute), *map(digits, figures))
    return table


def _steady(steady: dict[str, Any]) -> str:
    if not steady["reached"]:
        return f"no steady state: {steady['reason']}"
    heat = f" at {steady['temperature_c']:.1f} °C" if steady["temperature_c"] is not None else ""
    why = f" ({steady['reason']})" if steady["reason"] else ""
    return f"steady from minute {steady['from_minute']} on: {digits(steady['latency_ms'])} ms an inference{heat}{why}"


def _held_back(answer: dict[str, Any]) -> list[str]:
    """A sentence for each thing that held the board back: when first, how long in all."""
    found: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for event in answer["throttling"]:
        found.setdefault((event["channel"], event["what"]), []).append(event)
    said = []
    for (channel, what), events in found.items():
        seconds = sum(event["to_s"] - event["from_s"] for event in events)
        said.append(f"held back: {what} ({channel}), first at {clock(events[0]['from_s'])}, {seconds:.0f} s in all")
    return said or ["nothing that a sensor here tells of held the board back"]


def _power(answer: dict[str, Any]) -> list[str]:
    return [f"W is of the {answer['scope']} ({', '.join(answer['meter'])})"] if answer["meter"] else []


def _missing(answer: dict[str, Any]) -> list[str]:
    said = [f"ended before its time: {answer['ended']}"] if answer["ended"] else []
    said += [
        f"lost: {each['channel'] if each['channel'] != 'None' else each['sensor']}: {each['reason']}"
        for each in answer["lost"]
    ]
    if answer["by_minute"] and not answer["warmest"] and not answer["steady"]["reached"]:
        said.append("no sensor here tells a temperature")
    return [*said, *answer["warnings"][:10]]


def clock(seconds: float) -> str:
    """75 → `1:15`; before the first inference with a minus sign."""
    whole = round(abs(seconds))
    sign = "−" if seconds < 0 and whole else ""
    return f"{sign}{whole // 60}:{whole % 60:02}"
