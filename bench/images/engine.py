"""The Docker engine that bench talks to, and how its silence is told from a container's failure."""

import hashlib
import os
import subprocess
from collections.abc import Iterator
from http import HTTPStatus

import docker
import requests
from docker.context import ContextAPI
from docker.models.containers import Container
from docker.models.images import Image

from bench.core.errors import HostError
from bench.core.paths import PROJECT

LABEL = "org.edgebench.run"  # on every container of ours: the id of the run it belongs to

# What the SDK raises when the engine itself is away, as opposed to an answer that says no.
ENGINE_GONE = (requests.exceptions.ConnectionError, requests.exceptions.ReadTimeout)


def addresses() -> Iterator[str]:
    """Where an engine may be, by the rules of the docker command; last the private one that setup/engine started."""
    if host := os.environ.get("DOCKER_HOST"):
        yield host
        return
    context = ContextAPI.get_current_context()
    yield str(context.Host) if context is not None and context.Host else "unix:///var/run/docker.sock"
    said = subprocess.run([PROJECT / "setup" / "engine", "socket"], capture_output=True, text=True)
    if private := said.stdout.strip():
        yield private


def connect() -> docker.DockerClient:
    """A client of the first engine that answers. Raises HostError when none does."""
    refused = []
    for address in addresses():
        try:
            client = docker.DockerClient(base_url=address, use_ssh_client=address.startswith("ssh://"), timeout=600)
            client.ping()
        except (docker.errors.DockerException, requests.exceptions.RequestException, OSError, ValueError) as error:
            refused.append(f"{address} ({_short(error)})")
        else:
            return client
    raise HostError(
        f"no Docker engine answers at {' or '.join(refused)}",
        "start one with `make engine-up`, or measure without one: --arms native",
    )


def find() -> docker.DockerClient | None:
    """A client of the engine for work that is done without one, too; None when none answers."""
    try:
        return connect()
    except HostError:
        return None


def remove(container: Container) -> None:
    """Remove a container; that somebody else does so at the same time is no failure."""
    try:
        container.remove(force=True, v=True)
    except docker.errors.NotFound:
        pass
    except docker.errors.APIError as error:
        if error.status_code != HTTPStatus.CONFLICT:  # its removal is under way
            raise


def files_digest(image: Image) -> str:
    """What an image's files are known by, its layers: images that differ in nothing but their settings share them."""
    return hashlib.sha256("\n".join(image.attrs["RootFS"].get("Layers") or []).encode()).hexdigest()


def gone(error: Exception) -> HostError:
    """The error to raise when the engine stopped answering in the middle of the work."""
    return HostError(
        f"the Docker engine stopped answering ({_short(error)})",
        "start it again (`make engine-up`) and continue with `bench matrix resume RUN`",
    )


def _short(error: Exception) -> str:
    text = str(error).strip().splitlines()
    return text[-1][:160] if text else type(error).__name__
