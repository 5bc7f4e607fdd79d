"""What `bench doctor --fix` changes comes back: when asked, when something fails, and after a crash at any moment."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from bench.core.errors import HostError, Interrupted
from bench.core.matrix.schema import load_matrix
from bench.hosts import clocks, settings
from bench.hosts.host import Local
from tests.support.machines import Machine, Programs, whole_tx2

TX2 = load_matrix().devices["jetson-tx2"]
HOST = load_matrix().devices["host"]
GOVERNOR = "/sys/devices/system/cpu/cpufreq/policy0/scaling_governor"
HERE = Local()
AS_IT_WAS = ("schedutil", 1, False)


@pytest.fixture
def slow(tmp_path, monkeypatch) -> tuple[Machine, Programs]:
    """A TX2 that saves power: governor schedutil, mode MAXQ, clocks not locked."""
    monkeypatch.setenv("EDGEBENCH_CACHE", str(tmp_path / "cache"))
    board, programs = whole_tx2(tmp_path, monkeypatch)
    board.file(GOVERNOR, "schedutil\n")
    programs.nvpmodel(mode=1)
    programs.jetson_clocks(locked=False)
    return board, programs


def state(board: Machine) -> tuple[str, int, bool]:
    host = board.host()
    mode = clocks.power_mode(host)
    assert isinstance(mode, clocks.Mode)
    return clocks.governors(host)[GOVERNOR], mode.id, clocks.locked(host) is True


def fix(board: Machine) -> list[str]:
    said: list[str] = []
    settings.fix("jetson-tx2", TX2, board.host(), said.append)
    return said


def test_it_sets_what_is_measured_with_and_restores_what_was(slow):
    board, programs = slow
    assert fix(board) == [
        "set power mode MAXN, was power mode MAXQ",
        "set governor performance of policy0, was governor schedutil of policy0",
        "set clocks locked, was clocks as they were",
    ]
    assert state(board) == ("performance", 0, True)
    assert settings.read(HERE)["whole"] is True
    said: list[str] = []
    assert settings.restore(board.host(), said.append) is True
    assert state(board) == AS_IT_WAS
    assert said == [
        "restored clocks as they were",
        "restored governor schedutil of policy0",
        "restored power mode MAXQ",
    ]
    assert settings.read(HERE) is None
    assert settings.restore(board.host(), said.append) is False
    order = [call for call in programs.calls() if "--show" not in call and "-q" not in call]
    assert order[0] == "nvpmodel -m 0", "clocks are locked to the highest of the mode, so the mode comes first"


def test_what_is_so_already_is_left_alone_and_a_second_time_keeps_what_was_first(slow):
    board, _ = slow
    fix(board)
    assert fix(board) == []
    settings.restore(board.host(), lambda _: None)
    assert state(board) == AS_IT_WAS


@pytest.mark.parametrize("program", ["nvpmodel", "jetson_clocks"])
def test_when_a_program_fails_everything_is_back_as_it_was(program, slow):
    board, programs = slow
    if program == "nvpmodel":
        programs.add("nvpmodel", '[ "$1" = -q ] || exit 4\necho "NV Power Mode: MAXQ"; echo 1')
    else:
        script = (programs.folder / "jetson_clocks").read_text()
        programs.add("jetson_clocks", script.split("\n", 3)[3].replace("*) echo", "*) echo no >&2; exit 7; echo"))
    with pytest.raises(HostError) as raised:
        fix(board)
    assert (
        "MAXN cannot be set" in str(raised.value) if program == "nvpmodel" else "ended with 7: no" in str(raised.value)
    )
    assert state(board) == AS_IT_WAS
    assert settings.read(HERE) is None


def test_a_mode_that_wants_a_restart_is_said_and_not_left_half_set(slow):
    board, programs = slow
    programs.add(
        "nvpmodel",
        '[ "$1" = -m ] && echo "NVPM WARN: Reboot required for changing to this power mode: 0" && exit 0\n'
        'echo "NV Power Mode: MAXQ"; echo 1',
    )
    with pytest.raises(HostError, match="MAXN cannot be set: it wants a restart") as raised:
        fix(board)
    assert raised.value.hint == "by hand: sudo nvpmodel -m 0"
    assert state(board) == AS_IT_WAS


def test_an_interrupt_restores_too(slow, monkeypatch):
    board, _ = slow
    monkeypatch.setattr(settings, "_write", lambda *_: (_ for _ in ()).throw(Interrupted("interrupted by SIGINT")))
    with pytest.raises(Interrupted):
        fix(board)
    assert state(board) == AS_IT_WAS
    assert settings.read(HERE) is None


@pytest.mark.parametrize("moment", range(1, 4))
def test_after_a_crash_at_any_change_the_next_start_restores(moment, slow, monkeypatch):
    """The change was written down, and perhaps done, when bench died."""
    board, _ = slow
    applied, done = settings._apply, []

    class Died(SystemExit):
        pass

    with monkeypatch.context() as patched:

        def die(change, host):
            applied(change, host)
            done.append(change)
            if len(done) == moment:
                patched.setattr(settings, "restore", lambda *_: None)  # nothing runs after a crash
                raise Died

        patched.setattr(settings, "_apply", die)
        with pytest.raises(Died):
            fix(board)
    assert len(settings.read(HERE)["changes"]) == moment
    assert state(board) != AS_IT_WAS
    said: list[str] = []
    settings.recover(board.host(), said.append)
    assert state(board) == AS_IT_WAS
    assert said[0] == "bench was ended while it changed settings: setting them back"
    assert settings.read(HERE) is None


def test_a_killed_process_leaves_a_journal_that_the_next_one_undoes(slow, tmp_path):
    board, programs = slow
    programs.add("jetson_clocks", 'case $1 in --show) echo "cpu0: Online=1 MinFreq=1 MaxFreq=2" ;; *) sleep 60 ;; esac')
    code = (
        "from pathlib import Path; from bench.hosts import settings; from bench.hosts.host import Local;"
        "from bench.core.matrix.schema import load_matrix;"
        f"settings.fix('jetson-tx2', load_matrix().devices['jetson-tx2'], Local(Path({str(board.root)!r})), print)"
    )
    process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, start_new_session=True)
    end = time.monotonic() + 60
    while "jetson_clocks --store" not in " ".join(programs.calls()) and time.monotonic() < end:
        time.sleep(0.02)
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    assert settings.read(HERE)["whole"] is False
    assert state(board)[:2] == ("performance", 0)
    programs.jetson_clocks(locked=False)
    settings.recover(board.host(), lambda _: None)
    assert state(board) == AS_IT_WAS


def test_a_finished_change_stays_and_is_told(slow):
    board, _ = slow
    fix(board)
    said: list[str] = []
    settings.recover(board.host(), said.append)
    (line,) = said
    assert line.startswith(
        "settings are as `bench doctor --fix` made them (mode, governor, clocks); `bench doctor --rest"
    )
    assert state(board) == ("performance", 0, True)


def test_after_a_restart_of_the_board_only_what_survives_it_is_set_back(slow):
    board, programs = slow
    fix(board)
    board.file("/proc/sys/kernel/random/boot_id", "another-boot\n").file(GOVERNOR, "ondemand\n")
    programs.jetson_clocks(locked=False)
    settings.recover(board.host(), lambda _: None)
    assert state(board) == ("ondemand", 1, False), "the mode alone outlives a restart"
    assert settings.read(HERE) is None


def test_a_governor_that_the_machine_does_not_have_is_left(slow):
    board, _ = slow
    board.file(GOVERNOR.replace("scaling_governor", "scaling_available_governors"), "schedutil\n")
    settings.fix("host", HOST, board.host(), lambda _: None)
    assert clocks.governors(board.host())[GOVERNOR] == "schedutil"
    assert settings.read(HERE) is None


def test_without_the_right_to_write_it_says_so_and_changes_nothing(slow, monkeypatch):
    board, _ = slow
    host = board.host()

    def refuse(path, text):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(host, "write", refuse)
    with pytest.raises(HostError, match="cannot be set to performance: Permission denied") as raised:
        settings.fix("host", HOST, host, lambda _: None)
    assert "sudo" in str(raised.value.hint)
    assert settings.read(HERE) is None


def test_a_journal_that_cannot_be_read_is_no_traceback(slow):
    settings.journal(HERE).parent.mkdir(parents=True)
    settings.journal(HERE).write_text("{")
    with pytest.raises(HostError, match="cannot be read"):
        settings.recover(slow[0].host(), print)


def test_settings_of_another_device_are_not_mixed(slow):
    board, _ = slow
    fix(board)
    with pytest.raises(HostError, match="changed for jetson-tx2"):
        settings.fix("host", HOST, board.host(), print)


@pytest.mark.parametrize("words", [["--fix"], ["--restore"]])
def test_the_command_line_fixes_and_restores(words, slow, tmp_path):
    """On a tree in place of the machine: without `chroot`, which the root of a container needs, nothing can be run."""
    board, _ = slow
    fix(board)
    environ = {**os.environ, "DOCKER_HOST": "unix:///nowhere"}
    script = (
        "import sys; from pathlib import Path; from bench.hosts import host; from bench.hosts.host import Local;"
        f"host.this_machine = lambda: Local(Path({str(board.root)!r}), 'aarch64');"
        f"sys.argv = ['bench', 'doctor', '--device', 'jetson-tx2', '--json', *{words!r}];"
        "from bench.cli.app import main; main()"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, env=environ)
    assert "Traceback" not in done.stderr
    if words == ["--restore"]:
        assert done.returncode == 0, done.stderr
        assert state(board) == AS_IT_WAS
        assert "all is as it was" in done.stderr
    else:
        assert done.returncode == 3, "there is no engine"
        found = {line["topic"]: line["level"] for line in json.loads(done.stdout)["lines"]}
        assert (found["governor"], found["power mode"], found["clocks"]) == ("ok", "ok", "ok")
        assert found["engine"] == "fail"
        assert "bench doctor --restore" in done.stderr
    assert Path(tmp_path / "cache" / "host.lock").exists()
