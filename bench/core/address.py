"""Where a board is: `ssh://user@board:22`, and nothing in it that ssh would take for an option or that is secret."""

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from bench.core.errors import ConfigError

_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.:%-]*")


@dataclass(frozen=True)
class Address:
    """A board as ssh is told of it; `user` and `port` are those of the user's ssh config when left out."""

    host: str
    user: str | None = None
    port: int | None = None

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        user = f"{self.user}@" if self.user else ""
        return f"ssh://{user}{host}{f':{self.port}' if self.port else ''}"

    def words(self) -> list[str]:
        """As arguments of ssh, the last of its options and the destination."""
        user = ["-l", self.user] if self.user else []
        port = ["-p", str(self.port)] if self.port else []
        return [*user, *port, "--", self.host]

    def command(self) -> str:
        """What a person would type to get there."""
        return f"ssh {f'-p {self.port} ' if self.port else ''}{f'{self.user}@' if self.user else ''}{self.host}"


def parse(text: str) -> Address:
    """Read an address. Raises ConfigError without repeating what may be a password."""
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
