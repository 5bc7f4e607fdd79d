"""A board answers as any machine does, and what runs there never outlives who asked for it."""

import ast
import os
import subprocess
import threading
import time
from pathlib import Path

import pytest

from bench.core.errors import HostError
from bench.hosts.host import Local
from bench.images.venvs import find_python
from bench.remote import agent_client as boards
from bench.remote.agent_client import SOURCE, AgentClient
from bench.remote.failures import BoardError
from tests.support.connection import ADDRESS, FakeConnection, listed

HOW = {"env": {"PATH": os.environ["PATH"]}, "cpus": [min(os.sched_getaffinity(0))], "timeout": 20.0}


def ignore(pipe: str, piece: bytes) -> None:
    pass


@pytest.mark.parametrize("path", ["/proc/sys/kernel/osrelease", "/etc/passwd", "/nothing", "/etc"])
def test_it_reads_and_looks_as_this_machine_does(board, path):
    assert board.read(path) == Local().read(path)
    assert board.stat(path) == Local().stat(path)


def test_it_knows_nodes_and_patterns(board):
    assert board.stat("/dev/null") == Local().stat("/dev/null")
    assert board.glob("/sys/class/net/*") == Local().glob("/sys/class/net/*")
    assert board.machine == Local().machine


def test_commands_end_as_they_do_here(board):
    for words in (["sh", "-c", "echo a; echo b >&2; exit 3"], ["no-such-program"], ["echo", "it's $HOME `x`"]):
        assert board.run(words) == Local().run(words)
    assert "no answer after" in board.run(["sleep", "60"], timeout=0.2).err


def test_only_what_is_there_is_written(board, tmp_path):
    with pytest.raises(FileNotFoundError):
        board.write(str(tmp_path / "new"), "x")
    (tmp_path / "setting").write_text("powersave")
    board.write(str(tmp_path / "setting"), "performance")
    assert (tmp_path / "setting").read_text() == "performance"


def test_a_launch_says_what_it_says_and_ends_as_it_ends(board):
    said: list[tuple[str, bytes]] = []
    code = "echo $X; echo no >&2; sleep 0.2; pwd; exit 4"
    ended = board.launch(
        ["sh", "-c", code], lambda *each: said.append(each), **{**HOW, "env": {**HOW["env"], "X": "1"}}
    )
    assert b"".join(piece for pipe, piece in said if pipe == "out") == b"1\n/\n"
    assert b"".join(piece for pipe, piece in said if pipe == "err") == b"no\n"
    assert (ended["code"], ended["timed_out"]) == (4, False)
    assert ended["end_ns"] - ended["start_ns"] >= 0.2e9
    assert board.run(["true"]).code == 0, "and it answers as before"


def test_a_launch_that_takes_too_long_is_ended_with_what_it_started(board):
    ended = board.launch(["sh", "-c", "sleep 86397 & sleep 86397"], ignore, **{**HOW, "timeout": 0.5})
    assert (ended["code"], ended["timed_out"]) == (-9, True)
    assert not listed("sleep 86397")


def test_a_launch_ends_with_what_goes_wrong_in_hearing_it(board):
    def broken(pipe: str, piece: bytes) -> None:
        raise HostError("the disk of this machine is full")

    with pytest.raises(HostError, match="disk of this machine"):
        board.launch(["sh", "-c", "echo 1; sleep 86396"], broken, **HOW)
    gone_by(lambda: not listed("sleep 86396"))


def gone_by(what, seconds: float = 20.0) -> None:
    end = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < end, "it never came to that"
        time.sleep(0.05)


def test_a_connection_that_is_cut_ends_the_launch_there_and_says_so_here(board):
    cut = threading.Timer(1.0, board.connection.break_off)
    cut.start()
    with pytest.raises(BoardError, match="connection-lost: the connection to ssh://pi@board ended") as raised:
        board.launch(["sleep", "86395"], ignore, **HOW)
    assert raised.value.exit_code == 3
    gone_by(lambda: not listed("sleep 86395"))


def test_silence_ends_it_as_well(tmp_path):
    """A cable that is pulled closes nothing: the board must end the launch, and let go, by itself."""
    text = SOURCE.read_text().replace("SILENCE = 60.0", "SILENCE = 1.0")
    process = subprocess.Popen(["python3", "-c", text], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdin
    words = '{"call": "launch", "words": ["sleep", "86394"], "env": {}, "cpus": [0], "timeout": 60}\n'
    process.stdin.write(words.replace('"env": {}', f'"env": {{"PATH": "{os.environ["PATH"]}"}}'))
    process.stdin.flush()
    gone_by(lambda: listed("sleep 86394"))
    assert process.wait(20) == 0
    assert not listed("sleep 86394")
    process.stdin.close()
    process.stdout.close()


def test_a_board_that_was_restarted_is_told_from_a_network_that_failed(board, monkeypatch):
    board.require_same_boot()
    monkeypatch.setattr(board, "boot", "another")
    with pytest.raises(BoardError, match="board-restarted: ssh://pi@board was restarted"):
        board.require_same_boot()
    board._process.stdin.close()
    with pytest.raises(BoardError, match="board-restarted"):
        board.run(["true"])


def test_one_desk_at_a_time(board, tmp_path, monkeypatch):
    lock = str(tmp_path / "host.lock")
    assert board.call("reserve", path=lock) is None
    with AgentClient(ADDRESS, FakeConnection) as second:
        holder = second.call("reserve", path=lock)
        assert int(holder) == int((tmp_path / "host.lock").read_text())


def test_a_board_without_python_says_so(tmp_path, monkeypatch):
    for name in ("sh", "env"):
        (tmp_path / name).symlink_to(f"/usr/bin/{name}")
    real = FakeConnection.words
    monkeypatch.setattr(FakeConnection, "words", lambda *each: [w for w in real(*each) if not w.startswith("PATH=")])
    monkeypatch.setenv("PATH", str(tmp_path))
    with (
        pytest.raises(HostError, match="no Python runs on ssh://pi@board") as raised,
        AgentClient(ADDRESS, FakeConnection),
    ):
        pass
    assert "python3" in str(raised.value.hint)


def test_what_runs_there_is_written_in_python_36():
    ast.parse(SOURCE.read_text(), feature_version=(3, 6))


def test_a_real_python_36_answers(tmp_path, monkeypatch):
    try:
        old = find_python("3.6")
    except HostError as error:
        pytest.skip(str(error))
    (tmp_path / "python3").symlink_to(old)
    monkeypatch.setenv("EDGEBENCH_CACHE", str(tmp_path / "board"))
    with AgentClient(ADDRESS, lambda address: FakeConnection(address, str(tmp_path))) as board:
        assert board.facts["python"].startswith("3.6.")
        assert board.read("/etc/hostname") == Path("/etc/hostname").read_bytes()
        assert board.run(["sh", "-c", "echo a"]) == Local().run(["sh", "-c", "echo a"])
        said: list[bytes] = []
        ended = board.launch(["echo", "hi"], lambda _, piece: said.append(piece), **HOW)
        assert (ended["code"], b"".join(said)) == (0, b"hi\n")
        assert board.call("gather", patterns=["/proc/stat"])["files"].keys() == {"/proc/stat"}
        assert board.call("tree", path=str(tmp_path))


def test_it_is_never_silent_for_long():
    source = SOURCE.read_text()
    assert float(source.partition("SILENCE = ")[2].split()[0]) >= 4 * boards.BEAT


def test_a_login_that_prints_is_passed_over(board, monkeypatch):
    real = FakeConnection.words
    monkeypatch.setattr(
        FakeConnection, "words", lambda *each: [*real(*each)[:-1], f"echo Welcome; echo '{{}}'; {real(*each)[-1]}"]
    )
    with AgentClient(ADDRESS, FakeConnection) as loud:
        assert loud.facts == board.facts
