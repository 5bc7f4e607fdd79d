"""The journal: a line is there whole or not at all, whatever happens; the reader says what it left out."""

import json
import os
import resource
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.core.errors import ConfigError, HostError
from bench.journal.journal import Journal, read, write_run

# Where memory is a file system the many small files of the property tests are kept off the disk.
MEMORY = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
RUN = {"schema": 1, "run_id": "r", "plan": {"cells": [{"cell": "a/b/c/d"}]}}


def line(block: int = 1, **change: Any) -> dict[str, Any]:
    launch = f"a/b/c/d/native/{block}"
    said = {"schema": 1, "launch": launch, "cell": "a/b/c/d", "arm": "native", "block": block, "attempt": 1}
    return said | {"status": "ok", "samples": [1, 2, 3]} | change


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_run(tmp_path / "run", RUN)
    return tmp_path / "run"


@contextmanager
def disk_of(size: int) -> Iterator[None]:
    """No file may grow beyond `size` bytes: the kernel takes what fits and refuses the rest, as a full disk does."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_what_is_written_is_read(folder: Path) -> None:
    with Journal(folder) as journal:
        journal.append(line(1))
        journal.append(line(2, status="failed", samples=[]))
        assert journal.torn is None
    run = read(folder)
    assert (run.facts, run.warnings) == (RUN, [])
    assert run.launches == [line(1), line(2, status="failed", samples=[])]
    assert run.lines == {"a/b/c/d/native/1": 1, "a/b/c/d/native/2": 2}


def test_the_last_line_of_a_launch_counts(folder: Path) -> None:
    with Journal(folder) as journal:
        for attempt, status in enumerate(("failed", "ok"), 1):
            journal.append(line(1, attempt=attempt, status=status))
    run = read(folder)
    assert [(x["attempt"], x["status"]) for x in run.launches] == [(2, "ok")]
    assert run.warnings == []


def test_a_launch_measured_twice_is_said(folder: Path) -> None:
    with Journal(folder) as journal:
        journal.append(line(1))
        journal.append(line(1, attempt=2))
    assert "line 2" in read(folder).warnings[0]


def energy(part: str = "energy", block: int = 1, **change: Any) -> dict[str, Any]:
    said = line(block, status="energy", part=part, reason=None, launch=f"a/b/c/d/native/{part}/{block}")
    del said["samples"]
    return said | change


def test_the_energy_pass_stands_beside_the_timed_launches(folder: Path) -> None:
    with Journal(folder) as journal:
        for each in (line(1), energy(), energy("control"), energy(block=2, reason="killed"), energy(block=2)):
            journal.append(each)
    run = read(folder)
    assert run.launches == [line(1)]
    assert [each["launch"] for each in run.energy] == [
        "a/b/c/d/native/energy/1", "a/b/c/d/native/control/1", "a/b/c/d/native/energy/2",
    ]  # fmt: skip
    assert run.energy[-1]["reason"] is None
    assert run.warnings == []


def test_a_full_disk_leaves_no_part_of_a_line(folder: Path) -> None:
    with Journal(folder) as journal:
        journal.append(line(1))
        whole = journal.path.stat().st_size
        with disk_of(whole + 20), pytest.raises(HostError, match="cannot write") as caught:
            journal.append(line(2))
        assert "make room" in str(caught.value.hint)
        assert journal.path.stat().st_size == whole
        journal.append(line(2))  # once there is room
    assert len(read(folder).launches) == 2


def test_ctrl_c_in_the_middle_leaves_no_part_of_a_line(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(_descriptor: int) -> None:
        raise KeyboardInterrupt

    with Journal(folder) as journal:
        journal.append(line(1))
        with monkeypatch.context() as patch:
            patch.setattr(os, "fsync", interrupted)
            with pytest.raises(KeyboardInterrupt):
                journal.append(line(2))
    assert [x["block"] for x in read(folder).launches] == [1]


@settings(deadline=None)  # syncing takes what it takes
@given(kept=st.integers(0, 3), cut=st.integers(0, 400))
def test_a_power_cut_at_any_byte_costs_at_most_the_last_line(kept: int, cut: int) -> None:
    with tempfile.TemporaryDirectory(dir=MEMORY) as name:
        folder = Path(name)
        write_run(folder, RUN)
        with Journal(folder) as journal:
            for block in range(1, kept + 2):
                journal.append(line(block))
        path = folder / "journal.jsonl"
        last = len(path.read_bytes().splitlines(keepends=True)[-1])
        torn = min(cut, last - 1)
        os.truncate(path, path.stat().st_size - last + torn)

        assert len(read(folder).launches) == kept
        with Journal(folder) as journal:
            assert (journal.torn is not None) == (torn > 0)
            journal.append(line(kept + 1))
        run = read(folder)
        assert [x["block"] for x in run.launches] == list(range(1, kept + 2))
        assert run.warnings == []
        assert (folder / "journal.torn").exists() == (torn > 0)


def test_a_second_writer_is_refused(folder: Path) -> None:
    with Journal(folder), pytest.raises(HostError, match="another bench"):
        Journal(folder)
    Journal(folder).close()  # and the lock goes with its holder


def test_a_folder_that_is_not_there_cannot_be_written(tmp_path: Path) -> None:
    with pytest.raises(HostError, match="cannot write"):
        Journal(tmp_path / "nowhere")


def test_run_json_is_there_whole_or_as_it_was(folder: Path) -> None:
    with disk_of(100), pytest.raises(HostError, match="cannot write"):
        write_run(folder, RUN | {"command": "x" * 1000})
    assert read(folder).facts == RUN
    assert sorted(path.name for path in folder.iterdir()) == ["run.json"]


def test_numbers_that_json_lacks_become_null(folder: Path) -> None:
    with Journal(folder) as journal:
        journal.append(line(1, output={"min": float("nan"), "max": [float("inf")]}))
    assert read(folder).launches[0]["output"] == {"min": None, "max": [None]}


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "there is no run.json"),
        ("{", "not JSON"),
        ("[" * 100_000, "not JSON"),
        ("[]", "not a run's"),
        ('{"schema": 1}', "not a run's"),
        ('{"schema": 2, "run_id": "r"}', "schema 2"),
    ],
)
def test_a_folder_that_is_no_run_is_refused(tmp_path: Path, content: str | None, said: str) -> None:
    if content is not None:
        (tmp_path / "run.json").write_text(content)
    with pytest.raises(ConfigError, match=said) as caught:
        read(tmp_path)
    assert caught.value.hint


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        ("", "not JSON"),
        ("[" * 100_000, "not JSON"),
        ('"text"', "not a JSON object"),
        (json.dumps(line(1)).replace("[1, 2, 3]", "[NaN]"), "NaN is no number"),
        (json.dumps(line(1, schema=2)), "schema 2"),
        (json.dumps(line(True)), "`block` is True"),
        (json.dumps(line(0)), "`block` is 0"),
        (json.dumps(line(10**30)), "`block` is"),
        (json.dumps(line(1, status=["ok"])), "`status`"),
        (json.dumps(line(1, launch="other")), "`launch`"),
        (json.dumps(energy(launch="a/b/c/d/native/1")), "`launch`"),
        (json.dumps(energy(part=["energy"])), "`part` is ['energy']"),
        (json.dumps(line(1, cell="x", launch="x/native/1")), "not in this run's plan"),
    ],
)
def test_a_bad_line_is_left_out_with_its_number_and_reason(folder: Path, bad: str, reason: str) -> None:
    good = json.dumps(line(7))
    (folder / "journal.jsonl").write_text(f"{good}\n{bad}\n")
    run = read(folder)
    assert [x["block"] for x in run.launches] == [7]
    assert len(run.warnings) == 1
    assert run.warnings[0].startswith("journal.jsonl line 2: ")
    assert reason in run.warnings[0]


@settings(deadline=None)  # syncing takes what it takes
@given(st.binary(max_size=300))
def test_no_bytes_upset_the_reader(content: bytes) -> None:
    with tempfile.TemporaryDirectory(dir=MEMORY) as name:
        write_run(Path(name), RUN)
        (Path(name) / "journal.jsonl").write_bytes(content)
        assert read(Path(name)).launches == []


def test_a_run_without_a_launch_is_a_run(folder: Path) -> None:
    run = read(folder)
    assert run.launches == []
    assert "nothing was launched" in run.warnings[0]


def test_reading_a_run_needs_no_pandas() -> None:
    code = "import sys, bench.journal.journal; sys.exit('pandas' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
