"""A registry, by the OCI distribution protocol: manifests and blobs.

bench accesses registries itself for what the docker command cannot do: it reads what a tag names without pulling it,
and it writes a tag only after everything that the tag refers to. Addresses, logins and certificates follow Docker's
rules, so that bench and the engine trust the same registries (bench.images.registry.tls, bench.images.registry.auth).
"""

import hashlib
import re
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http import HTTPStatus
from pathlib import Path
from typing import IO, Any
from urllib.parse import urljoin, urlsplit

import docker
import requests
from requests.auth import AuthBase
from urllib3.exceptions import InsecureRequestWarning

from bench.core.errors import ConfigError, HostError
from bench.images.registry.auth import answer_challenge, find_login
from bench.images.registry.oci import INDEXES, MANIFESTS, Manifest, digest_of
from bench.images.registry.tls import is_insecure, make_session

PIECE = 1 << 20  # bytes of a blob that are read at a time
PATIENCE = 120.0  # seconds without a response after which a request fails
ADDRESS = r"(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9.-]+)(:\d+)?(/[a-z0-9]+([._-]+[a-z0-9]+)*)*"
AGAIN = "once it works, run the same again: what the registry has already does not travel twice"
Watch = Callable[[int], object]  # called with the size of each transferred piece, in bytes


class Registry:
    """The registry at HOST[:PORT][/NAMESPACE]. All methods raise HostError with what failed and what to do."""

    def __init__(self, address: str, engine: docker.DockerClient | None = None, patience: float = PATIENCE) -> None:
        self.address = _checked(address)
        self.host, _, self.namespace = self.address.partition("/")
        self.patience = patience
        self.insecure = is_insecure(self.host, engine)
        self.session = make_session(self.host, insecure=self.insecure)
        self.login = find_login(self.host)
        self._base = ""
        self._shown: dict[str, AuthBase] = {}  # repository → the authorization that it accepted

    def repository(self, framework: str) -> str:
        """The repository of a framework's images, without the host."""
        return "/".join(filter(None, (self.namespace, "edgebench", framework)))

    def ref(self, framework: str, reference: str) -> str:
        """The full name of an image, by tag or digest."""
        mark = "@" if reference.startswith("sha256:") else ":"
        return f"{self.host}/{self.repository(framework)}{mark}{reference}"

    def check(self) -> None:
        """Check that the registry answers and accepts the user's login."""
        self._ask("GET", "", "", expect=(200,))

    def manifest(self, repository: str, reference: str) -> Manifest | None:
        """The manifest or index behind a tag or digest, its bytes checked against the digest; None if missing."""
        accept = {"Accept": ", ".join(sorted(INDEXES | MANIFESTS))}
        answer = self._ask("GET", repository, f"manifests/{reference}", headers=accept, expect=(200, 404))
        if answer.status_code == HTTPStatus.NOT_FOUND:
            return None
        found = Manifest(answer.content, answer.headers.get("Content-Type", "").partition(";")[0])
        claimed = reference if reference.startswith("sha256:") else answer.headers.get("Docker-Content-Digest")
        self._same(repository, reference, claimed or found.digest, found.digest)
        return found

    def blob(self, repository: str, digest: str) -> bytes:
        """The bytes of a small blob, checked against its digest."""
        data = self._ask("GET", repository, f"blobs/{digest}", expect=(200,)).content
        self._same(repository, digest, digest, digest_of(data))
        return data

    def fetch_blob(self, repository: str, digest: str, target: Path, watch: Watch) -> None:
        """Write a blob of any size to a file, and check it against its digest."""
        found = hashlib.sha256()
        answer = self._ask("GET", repository, f"blobs/{digest}", stream=True, expect=(200,))
        with self._explained(), answer, target.open("wb") as file:
            for piece in answer.iter_content(PIECE):
                found.update(piece)
                file.write(piece)
                watch(len(piece))
        self._same(repository, digest, digest, f"sha256:{found.hexdigest()}")

    def has_blob(self, repository: str, digest: str) -> bool:
        """Whether the repository has a blob."""
        return self._ask("HEAD", repository, f"blobs/{digest}", expect=(200, 404)).ok

    def send_blob(self, repository: str, digest: str, path: Path, also_in: str | None, watch: Watch) -> bool:
        """Send a file as a blob. Returns False when the registry copied it from its repository `also_in` instead."""
        asked = {"mount": digest, "from": also_in} if also_in else {}
        begun = self._ask("POST", repository, "blobs/uploads/", params=asked, expect=(201, 202))
        if begun.status_code == HTTPStatus.CREATED:
            return False
        where = urljoin(begun.url, begun.headers.get("Location", ""))
        kind = {"Content-Type": "application/octet-stream"}
        with path.open("rb") as stream:
            data = _Watched(stream, watch)
            self._ask("PUT", repository, where, params={"digest": digest}, data=data, headers=kind, expect=(201,))
        return True

    def send_manifest(self, repository: str, reference: str, manifest: Manifest) -> None:
        """Write a manifest under its digest or under a tag."""
        kind = {"Content-Type": manifest.media_type}
        self._ask("PUT", repository, f"manifests/{reference}", data=manifest.raw, headers=kind, expect=(201,))

    def _ask(
        self, method: str, repository: str, path: str, *, expect: tuple[int, ...], **words: Any
    ) -> requests.Response:
        with self._explained():
            self._base = self._base or self._find()
            below = f"{self._base}/v2/{repository}/{path}" if repository else f"{self._base}/v2/"
            answer = self._send(method, path if "://" in path else below, repository, **words)
        if answer.status_code in expect:
            return answer
        if answer.status_code in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
            who = f"does not let '{self.login.user or 'the holder of the token'}'" if self.login else "wants a login:"
            said = f"{who} {'write to' if method in ('POST', 'PUT') else 'read'} {repository or 'it'}"
            raise HostError(f"the registry {self.host} {said} ({answer.status_code})", f"docker login {self.host}")
        told = " ".join(answer.text.split())[:200] if "json" in answer.headers.get("Content-Type", "") else ""
        what = f"{method} {urlsplit(answer.url).path}"
        raise HostError(f"the registry {self.host} answered {answer.status_code} to {what} {told}".rstrip(), AGAIN)

    def _find(self) -> str:
        """The registry's address with its scheme: https, or http for an insecure registry without TLS."""
        if self.insecure:
            with suppress(requests.exceptions.ConnectionError):  # also raised when there is no TLS
                self._get(f"https://{self.host}/v2/")
                return f"https://{self.host}"
            self._get(f"http://{self.host}/v2/")
            return f"http://{self.host}"
        return f"https://{self.host}"

    def _get(self, url: str) -> requests.Response:
        return self.session.get(url, timeout=self.patience, verify=not self.insecure)

    def _send(self, method: str, url: str, repository: str, **words: Any) -> requests.Response:
        words |= {"timeout": self.patience, "verify": not self.insecure}
        answer = self.session.request(method, url, auth=self._shown.get(repository), **words)
        if answer.status_code != HTTPStatus.UNAUTHORIZED or isinstance(words.get("data"), _Watched):
            return answer
        asked = answer.headers.get("WWW-Authenticate", "")
        limits = {key: words[key] for key in ("timeout", "verify")}
        shown = answer_challenge(self.session, asked, self.login, **limits)
        if shown is None:
            return answer
        self._shown[repository] = shown
        return self.session.request(method, url, auth=shown, **words)

    def _same(self, repository: str, reference: str, wanted: str, found: str) -> None:
        if wanted != found:
            raise HostError(
                f"the registry {self.host} gave {repository}, {reference} with the digest {found} instead of {wanted}",
                "what it holds was damaged or changed: push that image again, or use another registry",
            )

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            with warnings.catch_warnings():
                # The engine's rules call this registry insecure, so its certificate is not checked.
                warnings.simplefilter("ignore", InsecureRequestWarning)
                yield
        except requests.exceptions.SSLError as error:
            raise HostError(
                f"the certificate of the registry {self.host} is not trusted: {_innermost(error)}",
                f"put its authority's certificate at /etc/docker/certs.d/{self.host}/ca.crt",
            ) from None
        except (requests.exceptions.RequestException, OSError) as error:
            reason = _innermost(error)
            if isinstance(error, requests.exceptions.Timeout) or isinstance(reason, TimeoutError):
                raise HostError(f"the registry {self.host} gave no sign for {self.patience:.0f} s", AGAIN) from None
            said = str(reason) or type(reason).__name__
            if self._base:
                raise HostError(f"the registry {self.host} broke off: {said}", AGAIN) from None
            hint = f"is it up? is the address right? {AGAIN}"
            raise HostError(f"the registry {self.host} does not answer: {said}", hint) from None


def _checked(address: str) -> str:
    """The address, if Docker accepts it as a registry. Docker reads a plain name as a namespace of Docker Hub."""
    try:
        host = urlsplit(f"//{address}")
        fine = (
            host.port != 0
            and re.fullmatch(ADDRESS, address)
            and (host.port or "." in address or host.hostname == "localhost")
        )
    except ValueError:  # the port is no number
        fine = False
    if not fine:
        raise ConfigError(f"'{address}' is no registry", "HOST[:PORT][/NAMESPACE], for example 127.0.0.1:5000")
    if host.hostname in ("docker.io", "index.docker.io"):
        raise ConfigError("Docker Hub has no names of three parts, as NAMESPACE/edgebench/FRAMEWORK", "use another one")
    return address


def _innermost(error: BaseException) -> BaseException:
    """The innermost cause of a failed request; the outer errors only repeat the address."""
    while (inner := error.__cause__ or error.__context__) is not None:
        error = inner
    return error


class _Watched:
    """A file that reports how many bytes were read from it."""

    def __init__(self, stream: IO[bytes], watch: Watch) -> None:
        self.stream, self.watch = stream, watch
        self.length = Path(stream.name).stat().st_size

    def __len__(self) -> int:
        return self.length

    def read(self, size: int = -1) -> bytes:
        """Read the next piece and report its size."""
        data = self.stream.read(size)
        self.watch(len(data))
        return data
