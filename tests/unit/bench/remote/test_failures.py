"""What ssh says of a connection that it cannot make, as the reason that docs/remote.md explains."""

import re

import pytest

from bench.core.address import Address
from bench.core.errors import HostError
from bench.core.paths import PROJECT
from bench.remote.failures import is_disk_full, ssh_failure

CHANGED = """@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@
@    WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED!     @
@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@
Host key for [board]:2222 has changed and you have requested strict checking.
Host key verification failed.
"""


@pytest.mark.parametrize(
    ("complaint", "reason", "hint"),
    [
        (CHANGED, "host-key-changed", r"ssh-keygen -R '\[board\]:2222'"),
        ("Host key verification failed.\r\n", "host-unknown", "fingerprint"),
        ("pi@board: Permission denied (publickey,password).\r\n", "login-refused", "ssh-copy-id"),
        ("ssh: connect to host board port 2222: Connection refused\r\n", "unreachable", "ssh -p 2222 pi@board"),
        ("ssh: Could not resolve hostname board: Name or service not known\r\n", "unreachable", "is it on"),
        ("", "unreachable", "is it on"),
    ],
)
def test_each_has_its_reason_and_what_to_do(complaint, reason, hint):
    error = ssh_failure(Address("board", "pi", 2222), complaint)
    assert isinstance(error, HostError)
    assert error.reason == reason
    assert str(error).startswith(f"{reason}: ")
    assert re.search(hint, str(error.hint))


def test_a_full_disk_is_known_by_what_programs_say():
    assert is_disk_full("tar: x.onnx: Wrote only 512 of 10240 bytes\ntar: Exiting with failure status")
    assert is_disk_full("tar: x: Cannot write: No space left on device")
    assert is_disk_full("[Errno 28] No space left on device")
    assert not is_disk_full("Permission denied")


def test_every_reason_is_documented():
    source = (PROJECT / "bench" / "remote" / "failures.py").read_text()
    reasons = set(re.findall(r'BoardError\(\s*"([a-z-]+)"', source))
    documented = (PROJECT / "docs" / "remote.md").read_text()
    assert len(reasons) == 7
    assert not [reason for reason in reasons if f"`{reason}`" not in documented]
