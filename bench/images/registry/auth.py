"""Authorization at a registry: the user's `docker login`, sent as a password or exchanged for a token."""

import warnings
from dataclasses import dataclass
from typing import Any

import docker
import requests
from docker.auth import load_config
from requests.auth import AuthBase, HTTPBasicAuth
from requests.utils import parse_dict_header

from bench.core.errors import HostError


@dataclass(frozen=True)
class Login:
    """A user's name and password at a registry, or a token instead of them; all empty without a login."""

    user: str = ""
    password: str = ""
    token: str = ""

    def __bool__(self) -> bool:
        return bool(self.user or self.token)


class Bearer(AuthBase):
    """Authorization by a token of the registry's token service."""

    def __init__(self, token: str) -> None:
        self.token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Bearer {self.token}"
        return request


def find_login(host: str) -> Login:
    """The login of the user's Docker configuration for a registry. Raises HostError when it cannot be read."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # on a missing credential helper: the error below reports it
            found = load_config().resolve_authconfig(host) or {}
    except docker.errors.DockerException as error:
        raise HostError(f"the login for {host} cannot be read: {error}", f"docker login {host}") from None
    token = found.get("IdentityToken") or found.get("identitytoken") or ""
    return Login(found.get("username") or found.get("Username") or "", found.get("password") or "", token)


def answer_challenge(session: requests.Session, challenge: str, login: Login, **words: Any) -> AuthBase | None:
    """The authorization for a registry that answered with this `WWW-Authenticate`; None if there is none.

    Raises the exceptions of `requests` when the token service cannot be reached.
    """
    scheme, _, rest = challenge.partition(" ")
    if scheme.lower() == "basic":
        return HTTPBasicAuth(login.user, login.password) if login.user else None
    asked = parse_dict_header(rest)
    realm = asked.get("realm")
    if scheme.lower() != "bearer" or not realm:
        return None
    wanted = {key: asked[key] for key in ("service", "scope") if asked.get(key)}
    if login.token:
        form = {"grant_type": "refresh_token", "refresh_token": login.token, "client_id": "edgebench", **wanted}
        answer = session.post(realm, data=form, **words)
    else:
        auth = HTTPBasicAuth(login.user, login.password) if login else None
        answer = session.get(realm, params=wanted, auth=auth, **words)
    if not answer.ok:
        return None
    told = answer.json()
    token = told.get("token") or told.get("access_token")
    return Bearer(token) if token else None
