"""The trusted certificates of a registry, by Docker's rules, so that bench and the engine trust the same ones."""

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

LOOPBACK = ("127.0.0.0/8", "::1/128")  # networks that every engine treats as insecure
# Retries after the answers of an overloaded registry. Requests that send data are not retried.
BUSY = Retry(
    total=None, connect=0, read=False, redirect=5, other=0, status=3, status_forcelist=(429, 502, 503, 504),
    allowed_methods={"GET", "HEAD"}, backoff_factor=0.5, raise_on_status=False,
)  # fmt: skip


def is_insecure(host: str, engine: docker.DockerClient | None) -> bool:
    """Whether the engine's configuration calls a registry insecure: it may have any certificate, or no TLS."""
    said: dict[str, Any] = (engine.info().get("RegistryConfig") or {}) if engine else {}
    if not (said.get("IndexConfigs") or {}).get(host, {}).get("Secure", True):
        return True
    return _within(host, [*LOOPBACK, *(said.get("InsecureRegistryCIDRs") or ())])


def _within(host: str, networks: Iterable[str]) -> bool:
    try:
        found = socket.getaddrinfo(urlsplit(f"//{host}").hostname, None)
    except (OSError, UnicodeError):
        return False  # an unknown name: connecting reports it
    addresses = [ipaddress.ip_address(str(each[4][0]).partition("%")[0]) for each in found]
    return any(address in ipaddress.ip_network(network) for address in addresses for network in networks)


def certificate_folders() -> list[Path]:
    """The folders of registries' certificates, of an engine of root and of a rootless one."""
    home = Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config")
    return [Path("/etc/docker/certs.d"), home / "docker" / "certs.d"]


def make_session(host: str, *, insecure: bool) -> requests.Session:
    """A session with the system's authorities, and the authorities and client certificates of the registry's folder."""
    context = ssl.create_default_context()
    for folder in certificate_folders():
        for path in sorted((folder / host).glob("*.crt")):
            context.load_verify_locations(path)
        for path in sorted((folder / host).glob("*.cert")):
            context.load_cert_chain(path, path.with_suffix(".key"))
    if insecure:  # by the engine's configuration, so no warning at each request
        urllib3.disable_warnings(urllib3.exceptions.InsecureRequestWarning)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    session = requests.Session()
    session.mount("https://", _Adapter(context, max_retries=BUSY))
    session.mount("http://", HTTPAdapter(max_retries=BUSY))
    session.trust_env = not _within(host, LOOPBACK)  # no proxy for the machine itself
    return session


class _Adapter(HTTPAdapter):
    """HTTPS with a given SSL context."""

    def __init__(self, context: ssl.SSLContext, **words: Any) -> None:
        self.context = context
        super().__init__(**words)

    def init_poolmanager(self, *args: Any, **words: Any) -> None:
        """Pass the SSL context to the connections."""
        super().init_poolmanager(*args, ssl_context=self.context, **words)
