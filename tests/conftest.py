"""What every tier of tests shares: the engine, and a last word on what could not be run."""

import os
from collections.abc import Iterator

import docker
import pytest

from bench import engine as engines
from bench.errors import HostError
from bench.venvs import find_python


@pytest.fixture(scope="session")
def engine() -> Iterator[docker.DockerClient]:
    """A client of a real engine. Without one the test is left out, or fails where REQUIRE_ENGINE=1 says it must run."""
    try:
        client = engines.connect()
    except HostError as error:
        if os.environ.get("REQUIRE_ENGINE") == "1":
            pytest.fail(f"REQUIRE_ENGINE=1, and {error}")
        pytest.skip(f"{error}; {error.hint}")
    yield client
    client.close()


def pytest_report_header() -> str:
    """Say which Python 3.6 the runner is tried on (JetPack 4 has no other)."""
    try:
        return f"Python 3.6: {find_python('3.6')}"
    except HostError as error:
        return f"Python 3.6: {error}"


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """End by naming what this machine could not run, and why."""
    skipped = terminalreporter.getreports("skipped")
    if skipped:
        terminalreporter.section("not run on this machine")
        reasons = {str(report.longrepr[2]).removeprefix("Skipped: ") for report in skipped if report.longrepr}
        for reason in sorted(reasons):
            count = sum(reason in str(report.longrepr) for report in skipped)
            terminalreporter.line(f"{count} × {reason}")
