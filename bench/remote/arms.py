"""The arms on a board: what a lost connection means for each, and the container arm on the board's engine."""

from dataclasses import replace
from time import monotonic_ns
from typing import Any

import docker

from bench.arms.container import ContainerArm, options
from bench.arms.launch import Arm, Outcome, Spec
from bench.images.local import Locate
from bench.remote.agent_client import AgentClient


class RemoteArm:
    """An arm whose failures are the connection's where that has ended, and which notices a board that restarted."""

    def __init__(self, arm: Arm, board: AgentClient) -> None:
        self.arm, self.board, self.name = arm, board, arm.name

    def prepare(self, framework: str) -> None:
        """Make ready what the framework needs there."""
        with self.board.explain_failures():
            self.arm.prepare(framework)

    def launch(self, spec: Spec) -> Outcome:
        """Run one launch. Raises BoardError for what is no result of the launch."""
        with self.board.explain_failures():
            self.board.require_same_boot()
            outcome = self.arm.launch(spec)
            if outcome.reason:  # of the launch's own doing?
                self.board.connection.require()
                self.board.require_same_boot()
            return outcome


class BoardContainerArm(ContainerArm):
    """A container on the board's engine, as the board's user; its times are put on the board's clock."""

    def __init__(self, board: AgentClient, engine: docker.DockerClient, locate: Locate) -> None:
        super().__init__(engine, locate)
        self.board = board

    def options(self, spec: Spec) -> dict[str, Any]:
        """The container's keywords."""
        return options(spec, "{uid}:{gid}".format(**self.board.facts))

    def launch(self, spec: Spec) -> Outcome:
        """Run one container to its end and remove it."""
        ahead = self._ahead()
        outcome = super().launch(spec)
        times = {name: getattr(outcome, name) for name in ("start_ns", "created_ns", "started_ns")}
        return replace(outcome, **{name: ns + ahead for name, ns in times.items() if ns is not None})

    def _ahead(self) -> int:
        """By how many ns the board's clock is ahead of ours, to within half of what an answer takes."""
        before = monotonic_ns()
        there = int(self.board.call("now"))
        return there - (before + monotonic_ns()) // 2
