"""Whether an emulator runs the runner, and that nothing is timed then."""

import struct
from pathlib import Path

import pytest

from runner import emulation, infer
from runner.emulation import emulated_on


def elf(path: Path, machine: int, order: str = "<") -> str:
    """A file that begins as a program for a machine does."""
    path.write_bytes(
        b"\x7fELF\x02" + (b"\x01" if order == "<" else b"\x02") + bytes(10) + struct.pack(f"{order}HH", 2, machine)
    )
    return str(path)


def test_this_machine_emulates_nothing():
    assert emulated_on() is None


def test_another_program_than_ours_is_what_the_kernel_runs(tmp_path):
    python, kernels = elf(tmp_path / "python", 0xB7), elf(tmp_path / "qemu", 0x3E)
    assert emulated_on(python, kernels) == "x86_64"
    assert emulated_on(python, python) is None
    assert emulated_on(python, elf(tmp_path / "big", 0x15, ">")) == "machine 21"


def test_what_cannot_be_read_tells_nothing(tmp_path):
    python = elf(tmp_path / "python", 0xB7)
    (tmp_path / "text").write_text("#!/bin/sh\n")
    for other in (tmp_path / "absent", tmp_path / "text"):
        assert emulated_on(python, str(other)) is None
        assert emulated_on(str(other), python) is None


@pytest.mark.parametrize("measure", [None, ["latency"], ["output", "memory"]])
def test_an_emulated_launch_measures_nothing(monkeypatch, request_for, measure):
    monkeypatch.setattr(emulation, "emulated_on", lambda: "x86_64")
    events = []
    request = request_for(**({} if measure is None else {"measure": measure}))
    assert infer.run(request, lambda event, **fields: events.append((event, fields))) == 1
    ((event, fields),) = events
    assert (event, fields["class"]) == ("error", "request")
    assert "emulated on x86_64" in fields["message"]


def test_an_emulated_launch_may_check_its_output(monkeypatch, request_for):
    monkeypatch.setattr(emulation, "emulated_on", lambda: "x86_64")
    events = []
    assert infer.run(request_for(measure=["output"]), lambda event, **fields: events.append((event, fields))) == 0
    assert [event for event, _ in events] == ["hello", "loaded", "output", "done"]
    assert events[0][1]["emulated_on"] == "x86_64"
