"""Whether and by which certificates a registry is trusted: by Docker's rules, so that bench and the engine agree."""

import ipaddress
import os
import socket
import ssl
from collections.abc import Iterable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import docker
import requests
import urllib3
from requests.adapters import HTTPAdapter
from urllib3.util import Retry

LOOPBACK = ("127.0.0.0/8", "::1/128")  # every engine calls these insecure
# Answers of a registry that has too much to do. What sends something is not repeated here, but by the user.
BUSY = Retry(
    total=None, connect=0, read=False, redirect=5, other=0, status=3, status_forcelist=(429, 502, 503, 504),
    allowed_methods={"GET", "HEAD"}, backoff_factor=0.5, raise_on_status=False,
)  # fmt: skip


def is_insecure(host: str, engine: docker.DockerClient | None) -> bool:
    """Whether a registry may have any certificate or none: what the engine's configuration calls insecure."""
    said: dict[str, Any] = (engine.info().get("RegistryConfig") or {}) if engine else {}
    if not (said.get("IndexConfigs") or {}).get(host, {}).get("Secure", True):
        return True
    return _within(host, [*LOOPBACK, *(said.get("InsecureRegistryCIDRs") or ())])


def _within(host: str, networks: Iterable[str]) -> bool:
    try:
        found = socket.getaddrinfo(urlsplit(f"//{host}").hostname, None)
    except (OSError, UnicodeError):
        return False  # a name that nobody knows: connecting says so
    addresses = [ipaddress.ip_address(str(each[4][0]).partition("%")[0]) for each in found]
    return any(address in ipaddress.ip_network(network) for address in addresses for network in networks)


def certificate_folders() -> list[Path]:
    """Where the certificates of registries are, for an engine of root's and for one of the user's own."""
    home = Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config")
    return [Path("/etc/docker/certs.d"), home / "docker" / "certs.d"]


def make_session(host: str, *, insecure: bool) -> requests.Session:
    """A session that trusts the system's authorities and those of the registry's folder, and shows the user's own."""
    context = ssl.create_default_context()
    for folder in certificate_folders():
        for path in sorted((folder / host).glob("*.crt")):
            context.load_verify_locations(path)
        for path in sorted((folder / host).glob("*.cert")):
            context.load_cert_chain(path, path.with_suffix(".key"))
    if insecure:  # the engine's configuration has said so: no need to be told at every request
        urllib3.disable_warnings(urllib3.exceptions.InsecureRequestWarning)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    session = requests.Session()
    session.mount("https://", _Adapter(context, max_retries=BUSY))
    session.mount("http://", HTTPAdapter(max_retries=BUSY))
    session.trust_env = not _within(host, LOOPBACK)  # no proxy stands between a machine and itself
    return session


class _Adapter(HTTPAdapter):
    """HTTPS with certificates of our own choice."""

    def __init__(self, context: ssl.SSLContext, **words: Any) -> None:
        self.context = context
        super().__init__(**words)

    def init_poolmanager(self, *args: Any, **words: Any) -> None:
        """Hand the certificates on to the connections."""
        super().init_poolmanager(*args, ssl_context=self.context, **words)
