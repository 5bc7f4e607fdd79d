"""A recommendation on the terminal: three choices, each with its evidence, and the cells left out."""

from collections.abc import Iterator
from typing import Any

from rich.console import Console
from rich.text import Text

from analysis.data.number_format import number, plural
from analysis.studies.recommend import megabytes
from analysis.text.energy_phrases import energy
from bench.core.terminal import safe, say, short

MOST = 10  # of the cells left out
KINDS = ("fastest", "frugal", "smallest")


def show(answer: dict[str, Any], console: Console) -> None:
    """Print the recommendation. Names are never read as markup."""
    console.print(safe(_head(answer), "bold"))
    for kind in KINDS:
        if answer[kind]:
            console.print()
            first, *rest = _said(answer[kind])
            say([f"{kind}: {first}"], console, "")
            say(rest, console, "  ", "    ")
    left_out = answer["left_out"]
    if left_out:
        console.print()
    say((f"left out: {entry['cell']}: {entry['reason']}" for entry in left_out[:MOST]), console, "")
    if len(left_out) > MOST:
        console.print(Text(f"and {len(left_out) - MOST} more left out, all of them in --json"))


def constraints(answer: dict[str, Any]) -> str:
    """Return the constraints, such as `within 20 ms and 500 MB, in int8, on host`; empty without any."""
    asked = answer["constraints"]
    parts = [f"{number(asked['max_latency_ms'])} ms"] if asked["max_latency_ms"] is not None else []
    parts += [megabytes(asked["max_memory_bytes"])] if asked["max_memory_bytes"] is not None else []
    within = [f"within {' and '.join(parts)}"] if parts else []
    precision = [f"in {asked['precision']}"] if asked["precision"] else []
    return ", ".join([*within, *precision, *([f"on {asked['device']}"] if asked["device"] else [])])


def _head(answer: dict[str, Any]) -> str:
    told = constraints(answer)
    choices = plural(len(answer["choices"]), "choice")
    return short(f"{answer['model']}{', ' + told if told else ''}: {choices}", 200)


def _said(found: dict[str, Any]) -> Iterator[str]:
    choice = found["choice"]
    judged = {
        "time": _time(choice),
        "energy": _energy(choice),
        "memory": f"{megabytes(choice['memory_bytes'] or 0)} of memory",
        "size": _size(choice),
    }
    yield f"{_name(choice)}, {judged[found['by']]}"
    rest = [judged["time"]] if found["by"] != "time" else []
    if found["by"] != "memory" and choice["memory_bytes"] is not None:
        rest.append(judged["memory"])
    rest.append(f"over {plural(choice['launches'], 'launch', 'launches')}, run {choice['run_id']}")
    yield ", ".join(rest)
    if found["note"]:
        yield found["note"]
    yield from choice["doubts"]
    if near := found["not_told_apart"]:
        yield f"not told apart from it: {', '.join(_name(other) for other in near)}"


def _name(choice: dict[str, Any]) -> str:
    return f"{choice['framework']} {choice['precision']} on {choice['device']} ({choice['arm']})"


def _time(choice: dict[str, Any]) -> str:
    bounds = choice["ci95_ms"]
    said = f" [{number(bounds[0])}, {number(bounds[1])}]" if bounds else ", no interval"
    return f"{number(choice['ms'])} ms{said}"


def _energy(choice: dict[str, Any]) -> str:
    if choice["energy_j"] is None:
        return "no energy"
    launches = plural(int(choice["energy_launches"]), "energy launch", "energy launches")
    return f"{energy(choice, 'energy_j')} mJ an inference, of the {choice['scope']}, over {launches}"


def _size(choice: dict[str, Any]) -> str:
    parts = [("model", choice["artifact_bytes"]), ("image", choice["image_bytes"])]
    known = [(name, size) for name, size in parts if size is not None]
    whole = megabytes(sum(size for _, size in known))
    return f"{whole} ({' + '.join(f'{megabytes(size)} {name}' for name, size in known)})"
