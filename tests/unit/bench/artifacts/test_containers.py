"""Steps in containers: what limits those that read what a user brought. No engine."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from bench.artifacts.steps import MEMORY, ContainerStepRunner, HostStepRunner, Step
from bench.core.matrix.artifact_kind import Kind


class Engine:
    """In an engine's place: notes with what a container is made, and lets it end well."""

    def __init__(self) -> None:
        self.containers = self
        self.settings: dict[str, Any] = {}

    def create(self, image: str, command: list[str], **settings: Any) -> SimpleNamespace:
        self.settings = settings
        return SimpleNamespace(
            start=lambda: None,
            wait=lambda timeout: {"StatusCode": 0},
            logs=lambda: b"done",
            remove=lambda **_how: None,
        )


def step(*, user: bool) -> Step:
    return Step(name="convert", model="mine", kinds=(Kind("tflite", "fp32"),), given={}, reads_user_file=user)


@pytest.mark.parametrize(("user", "limit"), [(True, MEMORY), (False, None)])
def test_what_reads_a_user_s_file_has_a_limit_of_memory(tmp_path: Path, user: bool, limit: int | None) -> None:
    engine = Engine()
    assert ContainerStepRunner(engine).run(step(user=user), tmp_path) == (0, "done")
    assert (engine.settings["mem_limit"], engine.settings["memswap_limit"]) == (limit, limit)
    assert engine.settings["network_mode"] == "none"


def test_the_host_reads_no_user_s_file(tmp_path: Path) -> None:
    assert not HostStepRunner.apart
    with pytest.raises(AssertionError, match="nothing would keep the file"):
        HostStepRunner().run(step(user=True), tmp_path)
