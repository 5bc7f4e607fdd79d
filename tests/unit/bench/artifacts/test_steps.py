"""How the end of a step is read: one that hung is not told as one without memory."""

from typing import Any

import requests

from bench.artifacts.build import failure_reason
from bench.artifacts.steps import SECONDS, TIMED_OUT, ContainerStepRunner


class Container:
    """Waits for as long as it is told, and notes that it was killed."""

    def __init__(self, code: int | None) -> None:
        self.code, self.killed = code, False

    def wait(self, timeout: int) -> dict[str, Any]:
        if self.code is None:
            raise requests.exceptions.ConnectionError(f"Read timed out. (read timeout={timeout})")
        return {"StatusCode": self.code}

    def kill(self) -> None:
        self.killed = True


def ended(container: Container) -> int:
    return ContainerStepRunner(engine=None)._wait(container)


def test_a_step_that_hangs_is_ended_and_said_to_have_taken_too_long() -> None:
    container = Container(None)
    assert ended(container) == TIMED_OUT
    assert container.killed
    assert failure_reason(TIMED_OUT, "still at it\n") == f"the converter took longer than {SECONDS} s"


def test_a_step_that_was_killed_by_others_lacked_memory() -> None:
    container = Container(137)
    assert failure_reason(ended(container), "").startswith("out of memory")
    assert not container.killed
