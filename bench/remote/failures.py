"""Errors of a board or its connection, each with a reason that docs/remote.md explains."""

import re

from bench.core.address import Address
from bench.core.errors import HostError


class BoardError(HostError):
    """The board or its connection failed. The message begins with `reason`, a word of docs/remote.md."""

    def __init__(self, reason: str, message: str, hint: str | None = None) -> None:
        super().__init__(f"{reason}: {message}", hint)
        self.reason = reason


def ssh_failure(address: Address, complaint: str) -> BoardError:
    """Return why ssh did not connect, from its standard error."""
    lines = [line.strip() for line in complaint.splitlines() if line.strip()]
    last = lines[-1] if lines else "ssh said nothing"
    by_hand = f"connect by hand first: {address.command()}"
    if "REMOTE HOST IDENTIFICATION HAS CHANGED" in complaint:
        hint = f"only if the board was set up anew: ssh-keygen -R {_known(address)}, then {by_hand}"
        return BoardError("host-key-changed", f"{address} shows another host key than the one that is known", hint)
    if "Host key verification failed" in complaint:
        what = f"the host key of {address} is not known here"
        return BoardError("host-unknown", what, f"{by_hand}, and compare its fingerprint with the board's")
    if "Permission denied" in complaint or "Too many authentication failures" in complaint:
        who = f"{address} does not let {address.user or 'this user'} in ({last})"
        mend = f"name the board's user (ssh://USER@{address.host}), and give it a key: ssh-copy-id"
        return BoardError("login-refused", who, mend)
    return BoardError("unreachable", f"{address} does not answer ({last})", f"is it on, and in this network? {by_hand}")


def _known(address: Address) -> str:
    """Return the address as known_hosts names it."""
    return f"'[{address.host}]:{address.port}'" if address.port not in (None, 22) else address.host


def connection_failure(address: Address, complaint: str = "") -> BoardError:
    """Return the error of a connection that was lost during the work."""
    said = f" ({complaint.strip().splitlines()[-1].strip()})" if complaint.strip() else ""
    what = f"the connection to {address} ended{said}; what ran on the board is ended there within a minute"
    return BoardError("connection-lost", what, "see to the network or the board's sshd")


def restart_failure(address: Address) -> BoardError:
    """Return the error of a board that was restarted during the work."""
    what = f"{address} was restarted in the middle of the work"
    return BoardError("board-restarted", what, f"look at its power supply and its log: {address.command()} uptime")


def disk_failure(address: Address, where: str, complaint: str) -> BoardError:
    """Return the error of a full disk of the board."""
    last = complaint.strip().splitlines()[-1].strip()[-200:]
    clean = f"docker system prune; bench matrix clean --host {address}"
    hint = f"make room there: {clean}; or have another cache folder: EDGEBENCH_CACHE of the board's ssh environment"
    return BoardError("disk-full", f"{address} has no room left in {where} ({last})", hint)


def is_disk_full(complaint: str) -> bool:
    """Return whether a message of a program means a full disk."""
    return (
        re.search(r"no space left on device|disk quota exceeded|: wrote only \d+ of", complaint, re.IGNORECASE)
        is not None
    )
