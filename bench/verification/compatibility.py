"""The table of frameworks, models and precisions, generated from verdicts (docs/compatibility.md)."""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, Literal

from bench.artifacts.recipe import SOURCES
from bench.core.errors import ConfigError
from bench.core.matrix.parity_bounds import BOUNDS
from bench.core.matrix.plan import Cell, Plan
from bench.verification.verdicts import DEFAULT_LIMITS, Checks, Limits

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
UNTRIED = (*UNKNOWN, "not supported")
HEAD = (
    "<!-- Generated: bench models table --known --markdown. Edit nothing by hand. -->\n"
    "# Compatibility and parity\n\n"
    "Which framework runs which network in its own image on an x86-64 host, and how near its outputs are to PyTorch's "
    "in float32: the largest error over the reference's largest magnitude, the cosine, and for how many of 16 inputs "
    "the largest output is the same one; each the worst of all inputs and outputs. `bench models table` goes on with "
    "what was not tried yet.\n\n"
)
MEMORY = ("memory", "out-of-memory", "killed")  # the kernel kills a container when memory runs out
SHORT = 12  # characters of an abbreviated artifact key
DAY = len("2026-11-27")  # the length of the date in an ISO 8601 time


def rows(plan: Plan, checks: Checks, limits: Limits = DEFAULT_LIMITS) -> list[Row]:
    """Return one row per cell of the plan and per skipped cell, sorted by precision.

    Verdicts are those under `limits`; a row names its limits unless they are the default. A row of a checked cell has
    the day (`tried`, null if unknown) and the `key` of its sources; other rows have null for both.
    """
    found = [{**_named(cell), **_tried(cell, checks, limits)} for cell in plan.cells]
    for name, reason in plan.skipped.items():
        found.append({**_named(Cell(*name.split("/"))), **_untried("not supported", reason)})
    return sorted(found, key=lambda row: list(BOUNDS).index(row["precision"]))


def earlier_rows(path: Path, limits: Limits = DEFAULT_LIMITS) -> dict[str, Row]:
    """Map each cell checked under these limits to its row in an earlier table, saved as JSON.

    Raises ConfigError if the file is no such table.
    """
    mine = _limits(limits).get("limits")
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        if not isinstance(found, list):
            raise TypeError
        tried = (row for row in found if row["status"] in SIGNS and row["status"] not in UNTRIED)
        return {_cell(row): row for row in tried if row.get("limits") == mine}
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror}", "name a file that --json of this command wrote") from None
    except (ValueError, TypeError, KeyError):
        raise ConfigError(f"{path} is no table of models", "name a file that --json of this command wrote") from None


def merge_earlier(found: Iterable[Row], earlier: Mapping[str, Row], checks: Checks) -> list[Row]:
    """Return the rows; cells without a verdict take the row of an earlier table.

    Such a row says whether it is `stale`, made from older sources: null if its sources are unknown.
    """
    return [_aged(old, checks) if (old := _earlier(row, earlier)) else row for row in found]


def _earlier(row: Row, earlier: Mapping[str, Row]) -> Row | None:
    return earlier.get(_cell(row)) if row["status"] in UNKNOWN else None


def _aged(row: Row, checks: Checks) -> Row:
    key = row.get("key")
    present = _key(Cell("host", row["framework"], row["model"], row["precision"]), checks)
    return {**row, "tried": row.get("tried"), "key": key, "stale": key != present if key else None}


def describe_stale(found: Iterable[Row]) -> str:
    """Return a sentence with the number of verdicts of older sources, or an empty text."""
    count = sum(row.get("stale") is True for row in found)
    return f"{count} of these verdicts {'is' if count == 1 else 'are'} of older sources." if count else ""


def describe_limits(found: Iterable[Row]) -> str:
    """Return a sentence with the limits of the verdicts, or an empty text for the default limits."""
    limits = next((Limits(**row["limits"]) for row in found if row.get("limits")), DEFAULT_LIMITS)
    return f"Tried with {limits}." if str(limits) else ""


def _named(cell: Cell) -> Row:
    return {"framework": cell.framework, "model": cell.model, "precision": cell.precision}


def _untried(status: Status, message: str | None) -> Row:
    return {"status": status, "message": message, "tried": None, "key": None}


def _limits(limits: Limits) -> Row:
    """Return the limits as an entry of a row; nothing for the default limits."""
    return {} if limits == DEFAULT_LIMITS else {"limits": asdict(limits)}


def _key(cell: Cell, checks: Checks) -> str:
    """Return the short key of the current sources of a cell's artifact."""
    kind = checks.matrix.frameworks[cell.framework].kind(cell.precision)
    return (checks.store.artifact_key(cell.model, kind) or "")[:SHORT]


def _tried(cell: Cell, checks: Checks, limits: Limits) -> Row:
    kind = checks.matrix.frameworks[cell.framework].kind(cell.precision)
    verdict = checks.find(cell, limits)
    if verdict is None:
        for each in (kind, *({*SOURCES.values()} - {kind})):
            if failure := checks.store.failure(cell.model, each):
                tried = checks.store.failed_at(cell.model, each)
                return {
                    "status": "out of memory" if "out of memory" in failure else "cannot convert",
                    "message": failure,
                    "tried": tried and tried[:DAY],
                    "key": _key(cell, checks),
                }
        made = checks.store.find(cell.model, *kind) is not None
        return _untried("not tried" if made else "not made", None)
    status: Status = "runs"
    if verdict.status == "differs":
        status = "differs"
    elif verdict.status == "fails":
        status = "out of memory" if verdict.reason in MEMORY else "does not run"
    found: Row = {
        "status": status,
        "message": verdict.message,
        "tried": verdict.tried[:DAY],
        "key": _key(cell, checks),
        **_limits(limits),
        "with": verdict.framework,
    }
    if verdict.parity:
        kept = ("max_abs", "max_rel", "cosine", "agree", "inputs")
        found["parity"] = {name: verdict.parity[name] for name in kept}
        found["sensitivity"] = verdict.sensitivity
    return found


def page(found: Sequence[Row]) -> str:
    """Return the text of docs/compatibility.md."""
    signs = ", ".join(f"{sign} {status}" for status, sign in SIGNS.items() if sign != SIGNS["not tried"])
    legend = " ".join(filter(None, [f"{signs}, {SIGNS['not tried']} not tried yet.", describe_limits(found)]))
    return f"{HEAD}{legend}\n\n{markdown(found)}"


def markdown(found: Sequence[Row]) -> str:
    """Return both tables of each precision, and the messages of cells that do not run."""
    lines: list[str] = []
    for precision in dict.fromkeys(row["precision"] for row in found):
        mine = [row for row in found if row["precision"] == precision]
        lines += [f"## {precision}", "", *_table(mine, _sign), "", *_table(mine, _figures), ""]
        if old := describe_stale(mine):
            lines += [old, ""]
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
    """Return the name of a cell in these tables, without its device."""
    return _cell(_named(cell))


def _cell(row: Row) -> str:
    return f"{row['framework']}/{row['model']}/{row['precision']}"


def _why(row: Row) -> str:
    return _short(row["message"])


def _short(message: str, most: int = 300) -> str:
    """Return a message as one line without Markdown syntax."""
    text = " ".join(message.split()).replace("|", "/").replace("<", "‹").replace(">", "›").replace("`", "'")
    return text if len(text) <= most else text[:most] + "…"
