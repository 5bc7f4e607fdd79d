"""Which framework runs which model in which precision, generated from what was tried (docs/compatibility.md)."""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

from bench.bounds import BOUNDS
from bench.errors import ConfigError
from bench.making.checks import Checks
from bench.making.recipe import SOURCES
from bench.plan import Cell, Plan

Row = dict[str, Any]
Status = Literal[
    "runs", "differs", "does not run", "out of memory", "cannot convert", "not supported", "not made", "not tried"
]
SIGNS: dict[Status, str] = {
    "runs": "✓",
    "differs": "≠",
    "does not run": "✗",
    "out of memory": "M",
    "cannot convert": "T",
    "not supported": "–",
    "not made": "·",
    "not tried": "·",
}
UNKNOWN = ("not made", "not tried")
HEAD = (
    "<!-- Generated: bench models table --known --markdown. Edit nothing by hand. -->\n"
    "# Compatibility and parity\n\n"
    "Which framework runs which network in its own image on an x86-64 host, and how near its outputs are to PyTorch's "
    "in float32: the largest error over the reference's largest magnitude, the cosine, and for how many of 16 inputs "
    "the largest output is the same one; each the worst of all inputs and outputs. `bench models table` goes on with "
    "what was not tried yet.\n\n"
)
MEMORY = ("memory", "out-of-memory", "killed")  # a container is killed where the kernel has no memory left


def rows(plan: Plan, checks: Checks) -> list[Row]:
    """One row for each cell of the plan and each that it leaves out, with what is known of it, by precision."""
    found = [{**_named(cell), **_tried(cell, checks)} for cell in plan.cells]
    for name, reason in plan.skipped.items():
        found.append({**_named(Cell(*name.split("/"))), "status": "not supported", "message": reason})
    return sorted(found, key=lambda row: list(BOUNDS).index(row["precision"]))


def earlier_rows(path: Path) -> dict[str, Row]:
    """Cell → the row of a table that was printed as JSON, of the cells it knows something about.

    Raises ConfigError when the file is no such table.
    """
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        if not isinstance(found, list):
            raise TypeError
        return {_cell(row): row for row in found if row["status"] in SIGNS and row["status"] not in UNKNOWN}
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror}", "name a file that --json of this command wrote") from None
    except (ValueError, TypeError, KeyError):
        raise ConfigError(f"{path} is no table of models", "name a file that --json of this command wrote") from None


def beside(found: Iterable[Row], earlier: Mapping[str, Row]) -> list[Row]:
    """The rows, but an earlier table's where nothing is known here."""
    return [earlier.get(_cell(row), row) if row["status"] in UNKNOWN else row for row in found]


def _named(cell: Cell) -> Row:
    return {"framework": cell.framework, "model": cell.model, "precision": cell.precision}


def _tried(cell: Cell, checks: Checks) -> Row:
    kind = checks.matrix.frameworks[cell.framework].kind(cell.precision)
    verdict = checks.find(cell)
    if verdict is None:
        sources = [kind, *({*SOURCES.values()} - {kind})]
        failure = next((said for each in sources if (said := checks.store.failure(cell.model, each))), None)
        if failure is not None:
            return {"status": "out of memory" if "out of memory" in failure else "cannot convert", "message": failure}
        made = checks.store.find(cell.model, *kind) is not None
        return {"status": "not tried" if made else "not made", "message": None}
    status: Status = "runs"
    if verdict.status == "differs":
        status = "differs"
    elif verdict.status == "fails":
        status = "out of memory" if verdict.reason in MEMORY else "does not run"
    found: Row = {"status": status, "message": verdict.message, "with": verdict.framework}
    if verdict.parity:
        kept = ("max_abs", "max_rel", "cosine", "agree", "inputs")
        found["parity"] = {name: verdict.parity[name] for name in kept}
        found["sensitivity"] = verdict.sensitivity
    return found


def page(found: Sequence[Row]) -> str:
    """The whole of docs/compatibility.md."""
    signs = ", ".join(f"{sign} {status}" for status, sign in SIGNS.items() if sign != SIGNS["not tried"])
    return f"{HEAD}{signs}, {SIGNS['not tried']} not tried yet.\n\n{markdown(found)}"


def markdown(found: Sequence[Row]) -> str:
    """Both tables of each precision, and what was said of each that does not run."""
    lines: list[str] = []
    for precision in dict.fromkeys(row["precision"] for row in found):
        mine = [row for row in found if row["precision"] == precision]
        lines += [f"## {precision}", "", *_table(mine, _sign), "", *_table(mine, _figures), ""]
    said = [row for row in found if row["message"] and row["status"] != "not supported"]
    if said:
        lines += ["## What was said", ""]
        lines += [f"- **{_cell(row)}**, {row['status']}: {_short(row['message'])}" for row in said]
        lines.append("")
    unsupported = {_why(row): None for row in found if row["status"] == "not supported"}
    if unsupported:
        lines += ["## What is not supported", "", *(f"- {why}" for why in unsupported), ""]
    return "\n".join(lines)


def _table(mine: Sequence[Row], show: Callable[[Row], str]) -> list[str]:
    frameworks = list(dict.fromkeys(row["framework"] for row in mine if row["status"] != "not supported"))
    models = list(dict.fromkeys(row["model"] for row in mine))
    by_cell = {(row["model"], row["framework"]): row for row in mine}
    head = [f"| model | {' | '.join(frameworks)} |", f"|---|{'---|' * len(frameworks)}"]
    return head + [f"| {model} | {' | '.join(show(by_cell[model, name]) for name in frameworks)} |" for model in models]


def _sign(row: Row) -> str:
    return SIGNS[row["status"]]


def _figures(row: Row) -> str:
    parity = row.get("parity")
    if not parity:
        return ""
    return f"{parity['max_rel']:.1e}, {parity['cosine']:.4f}, {parity['agree']}/{parity['inputs']}"


def name_of(cell: Cell) -> str:
    """A cell as these tables name it: on whatever device."""
    return _cell(_named(cell))


def _cell(row: Row) -> str:
    return f"{row['framework']}/{row['model']}/{row['precision']}"


def _why(row: Row) -> str:
    return _short(row["message"])


def _short(message: str, most: int = 300) -> str:
    """One line of a table or a list: what Markdown would take for its own is taken away."""
    text = " ".join(message.split()).replace("|", "/").replace("<", "‹").replace(">", "›").replace("`", "'")
    return text if len(text) <= most else text[:most] + "…"
