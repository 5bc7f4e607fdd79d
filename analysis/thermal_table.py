"""A thermal study's answer on the terminal: a table of minutes, then sentences. Fits 80 columns."""

from textwrap import wrap
from typing import Any

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

ROWS = 12  # minutes that the table shows, spread over the study


def show(answer: dict[str, Any], console: Console) -> None:
    """Print the answer."""
    console.print(_safe(f"Thermal study {answer['id']}", "bold"), _safe(f"{answer['cell']} {answer['arm']}"), sep="  ")
    table = _minutes(answer)
    if table.row_count:
        console.print(Padding(table, (0, 0, 0, 2), expand=False))
    for sentence in sentences(answer):
        for line in wrap(f"· {sentence}", min(console.width, 100), subsequent_indent="  ", break_on_hyphens=False):
            console.print(_safe(line))


def sentences(answer: dict[str, Any]) -> list[str]:
    """What the study says, in plain words."""
    return [_steady(answer["steady"]), *_held_back(answer), *_power(answer), *_missing(answer)]


def _minutes(answer: dict[str, Any]) -> Table:
    """Of some minutes: the time of an inference, the warmest sensor, the fastest clock, the board's power."""
    rows, warmest, meter = answer["by_minute"], answer["warmest"], len(answer["meter"])
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="dim")
    for name in ("minute", "inference, ms", "warmest °C", "MHz", "W"):
        table.add_column(name, justify="right", min_width=6)
    step = max(1, -(-len(rows) // ROWS))
    for index in sorted({*range(0, len(rows), step), len(rows) - 1} if rows else ()):
        row = rows[index]
        figures = (
            row["latency_ms"],
            row["temperature"].get(warmest),
            _highest(row["frequency"]),
            _sum(row["power"], meter),
        )
        table.add_row(str(row["minute"]), *map(_figure, figures))
    return table


def _steady(steady: dict[str, Any]) -> str:
    if not steady["reached"]:
        return f"no steady state: {steady['reason']}"
    heat = f" at {steady['temperature_c']:.1f} °C" if steady["temperature_c"] is not None else ""
    why = f" ({steady['reason']})" if steady["reason"] else ""
    return f"steady from minute {steady['from_minute']} on: {_figure(steady['latency_ms'])} ms an inference{heat}{why}"


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
    return f"{'−' if seconds <= -0.5 else ''}{whole // 60}:{whole % 60:02}"


def _highest(values: dict[str, float]) -> float | None:
    return max(values.values()) if values else None


def _sum(values: dict[str, float], meter: int) -> float | None:
    """The board's power: the sum of all the channels of its meter, or nothing."""
    return sum(values.values()) if meter and len(values) == meter else None


def _figure(value: float | None) -> str:
    return "–" if value is None else f"{value:.0f}" if value >= 1000 else f"{value:#.4g}"


def _safe(text: Any, style: str = "") -> Text:
    return Text("".join(letter if letter.isprintable() else "�" for letter in str(text)), style)
