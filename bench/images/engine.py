"""Connects to the Docker engine, and tells a lost engine from the failure of a container."""

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

LABEL = "org.edgebench.run"  # label of every container of bench: the id of its run

# The SDK's exceptions when the engine does not answer, as opposed to an error that the engine returns.
ENGINE_GONE = (requests.exceptions.ConnectionError, requests.exceptions.ReadTimeout)


def addresses() -> Iterator[str]:
    """Addresses of engines, by the rules of the docker command; last the private engine of setup/engine."""
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
    """A client of the first engine that answers, or None. For work that needs no engine."""
    try:
        return connect()
    except HostError:
        return None


def remove(container: Container) -> None:
    """Remove a container. It is not an error when another process removes it at the same time."""
    try:
        container.remove(force=True, v=True)
    except docker.errors.NotFound:
        pass
    except docker.errors.APIError as error:
        if error.status_code != HTTPStatus.CONFLICT:  # another process is removing it
            raise


def files_digest(image: Image) -> str:
    """A SHA-256 over the digests of an image's layers. Images that differ only in their settings have the same one."""
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
