"""Reading a run's folder: what is whole is taken, what is not is named with its line and reason (docs/results.md)."""

import gc
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn

import orjson

from bench.core.errors import ConfigError, HostError
from bench.journal import reader
from bench.journal.upgrade import LINE_STEPS, RUN_STEPS, SCHEMA, schema_of, upgrade

__all__ = ["ENERGY", "JOURNAL", "MEAN", "RUN", "SCHEMA", "Run", "read"]

MEAN = (
    "mean"  # the status of a line that is no launch: a mean that another program printed (analysis/export/imports.py)
)
STOP = "stop"  # the event of a line that says why a cell has no more blocks (bench/run/stopping.py)
ENERGY = "energy"  # the status of a line of the energy pass, which is no timing, whatever came of it
RUN, JOURNAL = "run.json", "journal.jsonl"


@dataclass(frozen=True)
class Run:
    """What a run's folder says. Of several lines of one launch the last counts."""

    directory: Path
    facts: dict[str, Any]  # run.json
    launches: list[dict[str, Any]] = field(default_factory=list)  # what was timed
    lines: dict[str, int] = field(default_factory=dict)  # launch id → its line in the journal, counted from 1
    warnings: list[str] = field(default_factory=list)  # what was left out: line and reason
    energy: list[dict[str, Any]] = field(default_factory=list)  # the energy pass
    stops: dict[str, dict[str, Any]] = field(default_factory=dict)  # cell → why it has no more blocks (stopping.py)
    replaced: list[dict[str, Any]] = field(default_factory=list)  # what the host disturbed, and another stands for


def read(directory: Path) -> Run:
    """Read a run, upgraded to today's schema. Raises ConfigError when the folder is no run, or one of a newer bench."""
    facts = _read_run(directory)
    planned = _planned(facts)
    records: dict[str, dict[str, Any]] = {}
    lines: dict[str, int] = {}
    warnings: list[str] = []
    stops: dict[str, dict[str, Any]] = {}
    replaced: list[dict[str, Any]] = []
    try:
        with reader.paused(), (directory / JOURNAL).open("rb") as stream:
            for number, line in enumerate(stream, 1):
                record, reason = _read_line(line, planned)
                if record is None:
                    warnings.append(f"{JOURNAL} line {number}: {reason}; the line is left out")
                    continue
                if record.get("event") == STOP:
                    stops[record["cell"]] = record
                    continue
                launch = record["launch"]
                if launch in records and records[launch].get("replaced") is True:
                    replaced.append(records[launch])
                elif launch in records and _has_number(records[launch]):
                    warnings.append(f"{JOURNAL} line {number}: {launch} was measured before; this later line counts")
                records[launch], lines[launch] = record, number
    except FileNotFoundError:
        warnings.append(f"there is no {JOURNAL} yet: nothing was launched")
    except OSError as error:
        raise HostError(f"cannot read {directory / JOURNAL}: {error.strerror}") from error
    timed = [record for record in records.values() if record["status"] != ENERGY]
    energy = [record for record in records.values() if record["status"] == ENERGY]
    return Run(directory, facts, timed, lines, warnings, energy, stops, replaced)


def _has_number(record: dict[str, Any]) -> bool:
    return record["status"] == "ok" or (record["status"] == ENERGY and record.get("reason") is None)


def _read_run(directory: Path) -> dict[str, Any]:
    path = directory / RUN
    hint = f"a run is a folder with {RUN} and {JOURNAL}, as `bench matrix run` leaves it (docs/results.md)"
    try:
        run = _parse(path.read_bytes())
    except (FileNotFoundError, NotADirectoryError):
        raise ConfigError(f"{directory} is no run: there is no {RUN}", hint) from None
    except OSError as error:
        raise HostError(f"cannot read {path}: {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        raise ConfigError(f"{path} is not JSON: {error}", hint) from None
    schema = schema_of(run) if isinstance(run, dict) and isinstance(run.get("run_id"), str) else None
    if schema is None:
        raise ConfigError(f"{path} is not a run's: it has no `schema` and `run_id`", hint)
    if schema > SCHEMA:
        raise ConfigError(f"{path} is of schema {schema}, this bench reads up to {SCHEMA}", "update edgebench-matrix")
    return upgrade(run, RUN_STEPS)


def _planned(facts: dict[str, Any]) -> set[str] | None:
    """The cells of the plan, or None where run.json does not list them."""
    plan = facts.get("plan")
    cells = plan.get("cells") if isinstance(plan, dict) else None
    if not isinstance(cells, list):
        return None
    return {cell["cell"] for cell in cells if isinstance(cell, dict) and isinstance(cell.get("cell"), str)}


# What every line must say; the rest is checked by whoever uses it.
_RULES: dict[str, Callable[[Any], bool]] = {
    "cell": lambda value: isinstance(value, str),
    "arm": lambda value: isinstance(value, str),
    "block": lambda value: type(value) is int and 1 <= value < 2**31,
    "attempt": lambda value: type(value) is int and value >= 1,
    "status": lambda value: value in ("ok", "failed", MEAN, ENERGY),
}

_STOP_RULES = {key: _RULES[key] for key in ("cell", "block")} | {"reason": lambda value: isinstance(value, str)}


def _read_line(line: bytes, planned: set[str] | None) -> tuple[dict[str, Any] | None, str]:
    """The record of a line, or None and the reason."""
    if not line.endswith(b"\n"):
        return None, "torn: it has no end"
    try:
        record = _parse(line)
    except (ValueError, RecursionError) as error:
        return None, f"not JSON ({error})"
    if not isinstance(record, dict):
        return None, "not a JSON object"
    schema = schema_of(record)
    if schema is None or schema > SCHEMA:
        return None, f"schema {record.get('schema')!r:.40}, this bench reads up to {SCHEMA}"
    if schema < SCHEMA:
        record = upgrade(record, LINE_STEPS)
    for key, holds in (_STOP_RULES if record.get("event") == STOP else _RULES).items():
        if not holds(record.get(key)):
            return None, f"`{key}` is {record.get(key)!r:.40}"
    if record.get("event") != STOP and (wrong := _wrong_launch(record)):
        return None, wrong
    if planned is not None and record["cell"] not in planned:
        return None, f"{record['cell']:.80} is not in this run's plan"
    return record, ""


def _wrong_launch(record: dict[str, Any]) -> str | None:
    """Why a line's `launch` is not the one that the rest of it says."""
    if record["status"] == ENERGY and record.get("part") not in ("energy", "control"):
        return f"`part` is {record.get('part')!r:.40}"
    part = f"{record['part']}/" if record["status"] == ENERGY else ""
    if record.get("launch") != f"{record['cell']}/{record['arm']}/{part}{record['block']}":
        return "`launch` is not its cell, arm and block"
    return None


def _parse(text: bytes) -> Any:
    """The value of a JSON text. Raises ValueError or RecursionError."""
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:  # it has limits that JSON has not: let the standard library judge, and say why
        value = json.loads(text, parse_constant=_refuse)
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:  # JSON can say half a letter, and no file or table can hold it
        raise ValueError("it holds a lone surrogate, which is no text") from None
    return value


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no number in JSON")


@contextmanager
def paused() -> Iterator[None]:
    """No collection inside: each would look at all that was read so far, and find nothing to let go."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
