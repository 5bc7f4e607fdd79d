"""The container arm: each launch creates, attaches to, starts, waits for and removes one container."""

import os
import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from signal import valid_signals
from threading import Event, Timer
from time import monotonic_ns
from typing import Any

import docker
from docker.models.containers import Container
from docker.types import DeviceRequest, Mount

from bench.arms.launch import HOSTNAME, Outcome, Spec, by_signal, environment, tail
from bench.core.errors import Interrupted
from bench.hosts.grant import Grant
from bench.images.engine import ENGINE_GONE, LABEL, gone, remove
from bench.images.local import Locate


class ContainerArm:
    """Launches the framework's image with no more rights than the runner needs (docs/design.md)."""

    name = "container"

    def __init__(self, engine: docker.DockerClient, locate: Locate) -> None:
        self.engine = engine
        self.locate = locate
        self.images: dict[str, str] = {}

    def prepare(self, framework: str) -> None:
        """Find the framework's image. Raises HostError when it is missing or was built from another runner."""
        self.images[framework] = self.locate(framework).image_id

    def options(self, spec: Spec) -> dict[str, Any]:
        """The keywords of `containers.create` for a launch."""
        return options(spec)

    def launch(self, spec: Spec) -> Outcome:
        """Run one container to its end and remove it."""
        start = monotonic_ns()
        try:
            with self._created(spec) as container:
                return self._run(container, spec, start)
        except docker.errors.APIError as error:
            return Outcome(
                start_ns=start,
                wall_ns=monotonic_ns() - start,
                stdout=b"",
                stderr="",
                exit_code=None,
                reason="start",
                message=str(error.explanation or error),
            )
        except ENGINE_GONE as error:
            raise gone(error) from None

    @contextmanager
    def _created(self, spec: Spec) -> Iterator[Container]:
        words = self.options(spec)
        try:
            container = self.engine.containers.create(self.images[spec.framework], **words)
        except Interrupted:  # the engine may have created it anyway; its name is known
            with suppress(docker.errors.NotFound):
                remove(self.engine.containers.get(words["name"]))
            raise
        try:
            yield container
        finally:
            try:
                remove(container)
            except ENGINE_GONE as error:
                raise gone(error) from None

    def _run(self, container: Container, spec: Spec, start: int) -> Outcome:
        """Start a container and wait for its end. `start` is when the launch began, in ns of the monotonic clock."""
        api = self.engine.api
        created = monotonic_ns()
        streams = api.attach(container.id, stdout=True, stderr=True, stream=True, demux=True)
        timed_out = Event()

        def give_up() -> None:
            timed_out.set()
            with suppress(docker.errors.APIError, *ENGINE_GONE):  # it may have ended by itself already
                api.kill(container.id)

        expired = Timer(spec.timeout, give_up)
        api.start(container.id)
        started = monotonic_ns()
        expired.start()
        try:
            out, err = self._listen(streams, spec.hear)
            api.wait(container.id)
        finally:
            expired.cancel()
        wall = monotonic_ns() - start
        state = api.inspect_container(container.id)["State"]
        reason, message = _why(state, spec, timed_out.is_set())
        return Outcome(
            start_ns=start,
            wall_ns=wall,
            stdout=out,
            stderr=tail(err.decode("utf-8", "replace")),
            exit_code=state["ExitCode"],
            reason=reason,
            message=message,
            created_ns=created,
            started_ns=started,
        )

    def _listen(
        self, streams: Iterable[tuple[bytes | None, bytes | None]], hear: Callable[[bytes], None] | None
    ) -> tuple[bytes, bytes]:
        """The container's standard output and standard error. Blocks in the kernel, so bench uses no CPU meanwhile."""
        out, err = [], []
        for said, complained in streams:
            out.append(said or b"")
            err.append(complained or b"")
            if hear and said:
                hear(said)
        return b"".join(out), b"".join(err)


def options(spec: Spec, user: str | None = None) -> dict[str, Any]:
    """The keywords of `containers.create` for a launch: rights, mounts, limits. `user` defaults to the caller."""
    seen = [*map(str, spec.mounts), *spec.grant.files]
    return {
        "name": "edgebench-" + re.sub(r"[^a-zA-Z0-9_.-]", "-", f"{spec.run_id}-{spec.launch}"),
        "command": ["infer", "--request", str(spec.request)],  # follows the image's entrypoint, `python -m runner`
        "hostname": HOSTNAME,
        "environment": environment(spec.threads, spec.grant.environment),
        "labels": {LABEL: spec.run_id},
        "user": user or f"{os.getuid()}:{os.getgid()}",
        "network_mode": "none",
        "read_only": True,
        "tmpfs": {"/tmp": "rw,nosuid,nodev,mode=1777"},
        "cap_drop": ["ALL"],
        "security_opt": ["no-new-privileges"],
        "cpuset_cpus": spec.cpus,
        "mem_limit": spec.memory,
        "memswap_limit": spec.memory,
        "mounts": [Mount(each, each, type="bind", read_only=True) for each in seen],
        **_hardware(spec.grant),
    }


def _hardware(grant: Grant) -> dict[str, Any]:
    """The keywords for a device's hardware (docs/devices.md); empty for a device that needs none."""
    asked: dict[str, Any] = {
        "runtime": grant.runtime,
        "devices": [f"{node}:{node}:rwm" for node in grant.nodes],
        "volumes": [f"{folder}:{folder}" for folder in grant.directories],
        "device_cgroup_rules": list(grant.rules),
        "group_add": list(grant.groups),
    }
    if grant.gpu == "cdi":  # not in `devices`, which the SDK reads as paths
        asked["device_requests"] = [DeviceRequest(driver="cdi", device_ids=["nvidia.com/gpu=all"])]
    elif grant.gpu == "requests":
        asked["device_requests"] = [DeviceRequest(count=-1, capabilities=[["gpu"]])]
    return {name: value for name, value in asked.items() if value}


def _why(state: dict[str, Any], spec: Spec, timed_out: bool) -> tuple[str | None, str | None]:
    """Why a launch has no result, as a class and in words; (None, None) when the container gives no reason."""
    if state.get("OOMKilled"):
        limit = f" of {spec.memory // 2**20} MiB" if spec.memory else ""
        return "out-of-memory", f"the container went over its memory limit{limit}: give it more with --memory"
    if timed_out:
        return "timeout", f"no result after {spec.timeout:.0f} s"
    if (number := state["ExitCode"] - 128) in valid_signals():  # shells and engines report 128 + the signal
        return by_signal("container", number)
    return None, None
