"""Reads the folder of a run. Lines that cannot be used are left out, with a warning (docs/results.md)."""

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

MEAN = "mean"  # the status of an imported line: the mean that another program printed (analysis/export/imports.py)
STOP = "stop"  # the event of a line that says why a cell has no more blocks (bench/run/stopping.py)
ENERGY = "energy"  # the status of a line of the energy pass, whether it failed or not; it is no timing
RUN, JOURNAL = "run.json", "journal.jsonl"


@dataclass(frozen=True)
class Run:
    """The content of a run's folder. If a launch has several lines, the last one counts."""

    directory: Path
    facts: dict[str, Any]  # run.json
    launches: list[dict[str, Any]] = field(default_factory=list)  # the timed launches
    lines: dict[str, int] = field(default_factory=dict)  # launch id → its line in the journal, counted from 1
    warnings: list[str] = field(default_factory=list)  # lines that were left out, with the reason
    energy: list[dict[str, Any]] = field(default_factory=list)  # the energy pass
    stops: dict[str, dict[str, Any]] = field(default_factory=dict)  # cell → why it has no more blocks (stopping.py)
    replaced: list[dict[str, Any]] = field(default_factory=list)  # disturbed launches that were repeated


def read(directory: Path) -> Run:
    """Read a run and upgrade it to today's schema. Raises ConfigError if it is no run, or of a newer bench."""
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
    """Return the cells of the plan, or None if run.json does not list them."""
    plan = facts.get("plan")
    cells = plan.get("cells") if isinstance(plan, dict) else None
    if not isinstance(cells, list):
        return None
    return {cell["cell"] for cell in cells if isinstance(cell, dict) and isinstance(cell.get("cell"), str)}


# The fields that every line must have. Other fields are checked where they are used.
_RULES: dict[str, Callable[[Any], bool]] = {
    "cell": lambda value: isinstance(value, str),
    "arm": lambda value: isinstance(value, str),
    "block": lambda value: type(value) is int and 1 <= value < 2**31,
    "attempt": lambda value: type(value) is int and value >= 1,
    "status": lambda value: value in ("ok", "failed", MEAN, ENERGY),
}

_STOP_RULES = {key: _RULES[key] for key in ("cell", "block")} | {"reason": lambda value: isinstance(value, str)}


class _UnusableLineError(Exception):
    """The reason why a line of the journal is left out."""


def _read_line(line: bytes, planned: set[str] | None) -> tuple[dict[str, Any] | None, str]:
    """Return the record of a line, or None and the reason."""
    try:
        record = _load_line(line)
        _check_fields(record, planned)
    except _UnusableLineError as error:
        return None, str(error)
    return record, ""


def _load_line(line: bytes) -> dict[str, Any]:
    """Parse a line and upgrade it to today's schema."""
    if not line.endswith(b"\n"):
        raise _UnusableLineError("torn: it has no end")
    try:
        record = _parse(line)
    except (ValueError, RecursionError) as error:
        raise _UnusableLineError(f"not JSON ({error})") from None
    if not isinstance(record, dict):
        raise _UnusableLineError("not a JSON object")
    schema = schema_of(record)
    if schema is None or schema > SCHEMA:
        raise _UnusableLineError(f"schema {record.get('schema')!r:.40}, this bench reads up to {SCHEMA}")
    return upgrade(record, LINE_STEPS) if schema < SCHEMA else record


def _check_fields(record: dict[str, Any], planned: set[str] | None) -> None:
    is_stop = record.get("event") == STOP
    for key, holds in (_STOP_RULES if is_stop else _RULES).items():
        if not holds(record.get(key)):
            raise _UnusableLineError(f"`{key}` is {record.get(key)!r:.40}")
    if not is_stop and (wrong := _wrong_launch(record)):
        raise _UnusableLineError(wrong)
    if planned is not None and record["cell"] not in planned:
        raise _UnusableLineError(f"{record['cell']:.80} is not in this run's plan")


def _wrong_launch(record: dict[str, Any]) -> str | None:
    """Return why `launch` does not match the other fields of a line, or None."""
    if record["status"] == ENERGY and record.get("part") not in ("energy", "control"):
        return f"`part` is {record.get('part')!r:.40}"
    part = f"{record['part']}/" if record["status"] == ENERGY else ""
    if record.get("launch") != f"{record['cell']}/{record['arm']}/{part}{record['block']}":
        return "`launch` is not its cell, arm and block"
    return None


def _parse(text: bytes) -> Any:
    """Parse a JSON text. Raises ValueError or RecursionError."""
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:  # orjson has limits that JSON does not have; the standard library decides
        value = json.loads(text, parse_constant=_refuse)
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:  # JSON can hold half a character; files and tables cannot
        raise ValueError("it holds a lone surrogate, which is no text") from None
    return value


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no number in JSON")


@contextmanager
def paused() -> Iterator[None]:
    """Pause garbage collection: each pass would scan all records read so far and free nothing."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
