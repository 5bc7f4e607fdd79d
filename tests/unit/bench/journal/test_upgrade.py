"""Schemas: what is older is upgraded as it is read and left as it was on the disk; what is newer is refused."""

import json
from pathlib import Path
from typing import Any

import pytest

from analysis.data.launches import load
from analysis.report.build import build
from bench.core.errors import ConfigError
from bench.journal.journal import Run, read, write_run
from bench.journal.upgrade import LINE_STEPS, RUN_STEPS, SCHEMA
from tests.support.synthetic import Truth, facts, line

TRUTH = Truth()


def write(folder: Path, run: dict[str, Any], *lines: dict[str, Any]) -> Path:
    write_run(folder, run)
    (folder / "journal.jsonl").write_text("".join(json.dumps(record) + "\n" for record in lines))
    return folder


def draft() -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """A run as of schema 0: `locks` where there are recipes now, and no attempts."""
    run = facts([TRUTH], blocks=3) | {"schema": 0, "locks": {"onnxruntime": "ef" * 32}}
    del run["recipes"]
    lines = []
    for block in (1, 2, 3):
        for arm in ("container", "rootfs", "native"):
            record = line(TRUTH, arm, block, [10 + block, 11, 12]) | {"schema": 0}
            del record["attempt"]
            lines.append(record)
    return run, lines


def test_every_schema_has_a_step_to_the_next() -> None:
    assert len(RUN_STEPS) == len(LINE_STEPS) == SCHEMA


def test_a_run_of_schema_0_is_read_as_today_s(tmp_path: Path) -> None:
    run, lines = draft()
    old = read(write(tmp_path / "old", run, *lines))
    assert old.warnings == []
    assert (old.facts["schema"], old.facts["recipes"], old.facts["plan"]["armless"]) == (SCHEMA, {}, {})
    assert "locks" not in old.facts
    assert {(record["schema"], record["attempt"]) for record in old.launches} == {(SCHEMA, 1)}
    new = [line(TRUTH, record["arm"], record["block"], record["samples"]) for record in lines]
    today = read(write(tmp_path / "new", facts([TRUTH], blocks=3), *new))
    assert build(old) == build(today)


def test_the_files_stay_as_they_were(tmp_path: Path) -> None:
    run, lines = draft()
    write(tmp_path, run, *lines)
    before = [path.read_bytes() for path in sorted(tmp_path.iterdir())]
    load(read(tmp_path))
    assert [path.read_bytes() for path in sorted(tmp_path.iterdir())] == before


def test_old_and_new_lines_may_follow_one_another(tmp_path: Path) -> None:
    """A run that an older bench began, and today's resumed."""
    run, lines = draft()
    found = read(write(tmp_path, run, *lines[:3], line(TRUTH, "native", 2, [10])))
    assert len(found.launches) == 4
    assert found.warnings == []


def test_a_newer_run_is_refused_with_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=f"schema {SCHEMA + 1}, this bench reads up to {SCHEMA}") as caught:
        read(write(tmp_path, facts([TRUTH], blocks=1) | {"schema": SCHEMA + 1}))
    assert caught.value.hint == "update edgebench-matrix"


def read_line(folder: Path, **change: Any) -> Run:
    return read(write(folder, facts([TRUTH], blocks=1), line(TRUTH, "native", 1, [10], **change)))


@pytest.mark.parametrize("schema", [SCHEMA + 1, 10**400, -1, None, "1", True, 1.0, [1]])
def test_a_line_of_no_schema_that_is_known_is_left_out(tmp_path: Path, schema: Any) -> None:
    found = read_line(tmp_path, schema=schema)
    assert found.launches == []
    assert found.warnings[0].startswith("journal.jsonl line 1: schema ")


@pytest.mark.parametrize("schema", [-1, None, "1", True, 1.0])
def test_a_run_of_no_schema_is_no_run(tmp_path: Path, schema: Any) -> None:
    with pytest.raises(ConfigError, match="no `schema`"):
        read(write(tmp_path, facts([TRUTH], blocks=1) | {"schema": schema}))


def test_a_status_that_is_not_known_is_left_out(tmp_path: Path) -> None:
    """What a newer bench of the same schema may add is skipped by name, and never taken for a launch."""
    assert "`status` is 'guess'" in read_line(tmp_path, status="guess").warnings[0]
