"""What may follow `--host`, and what is refused before ssh sees it."""

import pytest

from bench.core.address import Address, parse
from bench.core.errors import ConfigError


@pytest.mark.parametrize(
    ("text", "address", "words"),
    [
        ("ssh://pi@board", Address("board", "pi"), ["-l", "pi", "--", "board"]),
        ("ssh://board:2222/", Address("board", None, 2222), ["-p", "2222", "--", "board"]),
        ("ssh://nvidia@10.0.0.7:22", Address("10.0.0.7", "nvidia", 22), ["-l", "nvidia", "-p", "22", "--", "10.0.0.7"]),
        ("ssh://My_Board", Address("My_Board"), ["--", "My_Board"]),
        (
            "ssh://pi@[fe80::1%eth0]:22",
            Address("fe80::1%eth0", "pi", 22),
            ["-l", "pi", "-p", "22", "--", "fe80::1%eth0"],
        ),
    ],
)
def test_an_address_is_read_and_given_to_ssh(text, address, words):
    assert parse(text) == address
    assert address.words() == words
    assert parse(str(address)) == address


@pytest.mark.parametrize(
    "text",
    [
        "board", "tcp://board", "ssh://", "ssh://pi@", "ssh://board/folder", "ssh://board:99999", "ssh://board:x",
        "ssh://-oProxyCommand=reboot", "ssh://-lroot@board", "ssh://pi@bo ard", "ssh://board?x=1", "ssh://$(reboot)@b",
    ],
)  # fmt: skip
def test_what_is_no_address_is_refused(text):
    with pytest.raises(ConfigError, match="--host"):
        parse(text)


def test_a_password_is_refused_and_not_repeated():
    with pytest.raises(ConfigError) as raised:
        parse("ssh://pi:raspberry@board")
    assert "raspberry" not in str(raised.value) + str(raised.value.hint)


def test_what_a_person_would_type():
    assert Address("board", "pi", 2222).command() == "ssh -p 2222 pi@board"
    assert Address("board").command() == "ssh board"
