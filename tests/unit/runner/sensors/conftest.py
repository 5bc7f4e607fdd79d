"""Asking one class of sensor what it finds and reads below a root."""

from collections.abc import Callable
from pathlib import Path

import pytest

from runner import sensors
from runner.sensors.base import Sensor


@pytest.fixture
def sensor(tmp_path: Path) -> Callable[..., Sensor]:
    """Make a sensor of a class that looks below the test's own folder; closed in the end."""
    made = []

    def make(name: str, tty: str = "") -> Sensor:
        (one,) = sensors.make([name], str(tmp_path), [tty])
        made.append(one)
        return one

    yield make
    for one in made:
        one.close()
