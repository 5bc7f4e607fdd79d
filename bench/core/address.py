"""Addresses of boards: `ssh://user@board:22`, without passwords and without text that ssh reads as an option."""

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from bench.core.errors import ConfigError

_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.:%-]*")


@dataclass(frozen=True)
class Address:
    """The address of a board for ssh. Without `user` or `port` the user's ssh config decides."""

    host: str
    user: str | None = None
    port: int | None = None

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        user = f"{self.user}@" if self.user else ""
        return f"ssh://{user}{host}{f':{self.port}' if self.port else ''}"

    def words(self) -> list[str]:
        """The arguments of ssh for this address: its last options and the destination."""
        user = ["-l", self.user] if self.user else []
        port = ["-p", str(self.port)] if self.port else []
        return [*user, *port, "--", self.host]

    def command(self) -> str:
        """The ssh command that a user would type."""
        return f"ssh {f'-p {self.port} ' if self.port else ''}{f'{self.user}@' if self.user else ''}{self.host}"


def parse(text: str) -> Address:
    """Parse an address. Raises ConfigError; its message does not repeat a password."""
    hint = "for example --host ssh://user@board or ssh://board:2222; names of ~/.ssh/config do, too"
    try:
        parts = urlsplit(text)
        host, user, password, port = parts.hostname, parts.username, parts.password, parts.port
    except ValueError as error:
        raise ConfigError(f"--host: {error}", hint) from None
    if password is not None:
        what = "--host: an address holds no password: it would be written into results"
        raise ConfigError(what, "use a key (ssh-copy-id), or type the password when ssh asks for it")
    if parts.scheme != "ssh" or not host or parts.path.strip("/") or parts.query or parts.fragment:
        raise ConfigError(f"--host: '{text}' is no address of a board", hint)
    # ssh's own config tells upper from lower case, and urlsplit does not keep it.
    host = host if ":" in host else parts.netloc.rpartition("@")[2].partition(":")[0]
    for name in filter(None, (host, user)):
        if not _NAME.fullmatch(name):
            raise ConfigError(f"--host: '{name}' is no name of a host or a user", hint)
    return Address(host, user or None, port)
