"""The arms on a board: they handle a lost connection; the container arm uses the board's engine."""

from dataclasses import replace
from time import monotonic_ns
from typing import Any

import docker

from bench.arms.container import ContainerArm, options
from bench.arms.launch import Arm, Outcome, Spec
from bench.images.local import Locate
from bench.remote.agent_client import AgentClient


class RemoteArm:
    """Wraps an arm: reports a lost connection or a restarted board instead of a failed launch."""

    def __init__(self, arm: Arm, board: AgentClient) -> None:
        self.arm, self.board, self.name = arm, board, arm.name

    def prepare(self, framework: str) -> None:
        """Prepare what the framework needs on the board."""
        with self.board.explain_failures():
            self.arm.prepare(framework)

    def launch(self, spec: Spec) -> Outcome:
        """Run one launch. Raises BoardError if the failure is not the launch's own."""
        with self.board.explain_failures():
            self.board.require_same_boot()
            outcome = self.arm.launch(spec)
            if outcome.reason:  # was the launch the cause, or the connection?
                self.board.connection.require()
                self.board.require_same_boot()
            return outcome


class BoardContainerArm(ContainerArm):
    """Runs a container on the board's engine, as the board's user. Times are converted to the board's clock."""

    def __init__(self, board: AgentClient, engine: docker.DockerClient, locate: Locate) -> None:
        super().__init__(engine, locate)
        self.board = board

    def options(self, spec: Spec) -> dict[str, Any]:
        """Return the keywords of the container."""
        return options(spec, "{uid}:{gid}".format(**self.board.facts))

    def launch(self, spec: Spec) -> Outcome:
        """Run one container to its end, then remove it."""
        ahead = self._ahead()
        outcome = super().launch(spec)
        times = {name: getattr(outcome, name) for name in ("start_ns", "created_ns", "started_ns")}
        return replace(outcome, **{name: ns + ahead for name, ns in times.items() if ns is not None})

    def _ahead(self) -> int:
        """Return by how many ns the board's clock is ahead of ours (± half a round trip)."""
        before = monotonic_ns()
        there = int(self.board.call("now"))
        return there - (before + monotonic_ns()) // 2
