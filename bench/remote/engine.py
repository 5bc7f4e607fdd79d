"""The board's Docker engine: the SDK uses a forwarded socket, and images are sent through it."""

from collections.abc import Iterator

import docker
import requests
from docker.models.images import Image as EngineImage

from bench.core.errors import HostError
from bench.images import engine as engines
from bench.images.local import Image, require
from bench.images.registry.progress import Watcher
from bench.images.registry.pull import Puller
from bench.remote.agent_client import AgentClient
from bench.remote.failures import disk_failure, is_disk_full

TIMEOUT = 600


def socket_of(board: AgentClient) -> str:
    """Return the socket of the board's engine, as the docker command would find it. Raises HostError."""
    named, own = board.facts["docker_host"], board.facts["runtime_dir"]
    if named and not named.startswith("unix://"):
        raise HostError(f"DOCKER_HOST on {board.address} is {named}", "its engine must listen on a socket: unix://…")
    places = (
        [named.removeprefix("unix://")] if named else ["/var/run/docker.sock", *([f"{own}/docker.sock"] if own else [])]
    )
    found = next((place for place in places if board.stat(place)), None)
    if found is None:
        what = f"no Docker engine listens on {board.address} at {' or '.join(places)}"
        raise HostError(what, "start it there: sudo systemctl start docker; or measure without one: --arms native")
    if board.run(["test", "-w", found]).code:
        who = f"this user of {board.address} may not use the engine there ({found})"
        raise HostError(who, "there: sudo usermod -aG docker $USER; the next login has it")
    return found


def connect(board: AgentClient) -> docker.DockerClient:
    """Return a client of the board's engine. Raises HostError if it does not answer."""
    remote = socket_of(board)
    local = board.connection.forward("docker", remote)
    try:
        client = docker.DockerClient(base_url=f"unix://{local}", timeout=TIMEOUT)
        client.ping()
    except (docker.errors.DockerException, requests.exceptions.RequestException, OSError) as error:
        mend = "start it there: sudo systemctl start docker; sshd must allow AllowStreamLocalForwarding"
        raise HostError(f"the engine of {board.address} ({remote}) does not answer: {error}", mend) from None
    return client


def fitting(framework: str, platform: str) -> tuple[EngineImage, Image] | None:
    """Return the local image that matches the sources, or None."""
    here = engines.find()
    try:
        if here is not None:
            image = require(here, framework, platform)
            return here.images.get(image.ref), image
    except HostError:
        pass
    return None


class Sender:
    """Sends images of this machine's engine to the board's engine."""

    def __init__(self, board: AgentClient, engine: docker.DockerClient, watcher: Watcher) -> None:
        self.board, self.engine, self.watcher = board, engine, watcher

    def require(self, framework: str, platform: str) -> Image:
        """Return the image that matches the sources; send it if it is missing. Raises HostError."""
        try:
            return require(self.engine, framework, platform)
        except HostError as error:
            found = fitting(framework, platform)
            if found is None:
                what = f"on {self.board.address} {error}, and this machine has none to send"
                mend = (
                    f"make images/{framework} PLATFORM={platform}, and it is sent; or lock one that the board can pull"
                )
                raise HostError(what, mend) from None
        self._send(*found)
        return require(self.engine, framework, platform)

    def _send(self, image: EngineImage, named: Image) -> None:
        total = int(image.attrs["Size"])
        self.watcher.begin(f"{named.framework} to {self.board.address}", total)
        sent = 0

        def pieces() -> Iterator[bytes]:
            nonlocal sent
            for piece in image.save(chunk_size=1 << 20, named=named.ref):
                sent += len(piece)
                self.watcher.advance(len(piece))
                yield piece

        try:
            for event in self.engine.api.load_image(pieces()):
                if "error" in event:
                    raise self._refused(named, str(event["error"]))
        except (docker.errors.APIError, requests.exceptions.RequestException) as error:
            self.board.connection.require()
            raise self._refused(named, str(error)) from None
        self.watcher.end(f"{named.ref}: {sent / 1e6:.0f} MB sent to {self.board.address}")
        layers = self.engine.images.get(named.ref).attrs["RootFS"]["Layers"]
        if layers != image.attrs["RootFS"]["Layers"]:
            raise self._refused(named, "its layers are not those that were sent")

    def _refused(self, image: Image, said: str) -> HostError:
        if is_disk_full(said):
            return disk_failure(self.board.address, "its engine's store", said)
        return HostError(f"{self.board.address} did not take the image {image.ref}: {said}", "try it again")


class BoardPuller(Puller):
    """Pulls locked images on the board. Its errors suggest to send local images instead."""

    def require(self, framework: str, platform: str) -> Image:
        """Return the locked image. Raises HostError with image and platform."""
        try:
            return super().require(framework, platform)
        except HostError as error:
            hint = f"the board itself pulls from {self.lock.registry}: it must reach it; or send what was built here: "
            raise HostError(str(error), f"{error.hint}; {hint}--images local") from error
