"""What every tier of tests shares: the engine, and a last word on what could not be run."""

import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import docker
import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

from bench.artifacts.recipe import MAKERS
from bench.core.errors import HostError
from bench.core.matrix.artifact_kind import Kind
from bench.core.matrix.schema import load_matrix
from bench.images import engine as engines
from bench.images.local import native_platform
from bench.images.venvs import find_python


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


def frameworks_under_test() -> list[str]:
    """The frameworks whose images are tested: those of EDGEBENCH_TEST_FRAMEWORKS, else all that this machine can time.

    setup/tests builds the same ones.
    """
    frameworks = load_matrix().frameworks
    named = os.environ.get("EDGEBENCH_TEST_FRAMEWORKS", "").split()
    here = [name for name, entry in frameworks.items() if entry.group == "cpu" and native_platform() in entry.platforms]
    return [name for name in frameworks if name in (named or here)]


def models_under_test() -> list[str]:
    """The networks that are made and tried: those of EDGEBENCH_TEST_MODELS, else the four of the first matrix."""
    return os.environ.get("EDGEBENCH_TEST_MODELS", "cifarnet resnet-18 mobilenet-v2 resnet-50").split()


def formats_under_test() -> list[str]:
    """The formats that the tested frameworks read."""
    frameworks = load_matrix().frameworks
    return sorted({frameworks[name].format for name in frameworks_under_test()})


def kinds_under_test() -> list[Kind]:
    """What is made of every tested network: all that the tested frameworks read."""
    frameworks = load_matrix().frameworks
    read = {frameworks[name].kind(each) for name in frameworks_under_test() for each in frameworks[name].precisions}
    return [kind for kind in MAKERS if kind in read]


# What one process tests, one after another: files that change the model store, and those that look at launches.
# What else needs an engine builds images, but for what stands apart.
TOGETHER = {
    "models": ("checks", "descriptions", "model_registry", "models", "own"),
    "launches": ("board", "faults", "frameworks", "loadgen", "matrix"),
}
APART = ("contents", "energy", "registry", "registry_faults", "runs")


class Together(LoadScopeScheduling):
    """Where several processes test: tests of one file share what they set up, and some files what they change."""

    def _split_scope(self, nodeid: str) -> str:
        path = Path(nodeid.partition("::")[0])
        name = path.stem.removeprefix("test_")
        if path.parts[:2] != ("tests", "engine") or name in APART:
            return str(path)
        return next((group for group, names in TOGETHER.items() if name in names), "images")


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> Together:
    """With `--numprocesses`."""
    return Together(config, log)


def pytest_report_header() -> list[str]:
    """Say which Python 3.6 the runner is tried on (JetPack 4 has no other), and which frameworks."""
    try:
        python = find_python("3.6")
    except HostError as error:
        python = str(error)
    left = sorted(load_matrix().frameworks.keys() - set(frameworks_under_test()))
    return [
        f"Python 3.6: {python}",
        f"frameworks: {' '.join(frameworks_under_test())}",
        f"left to `make test FRAMEWORKS=all`: {' '.join(left) or 'none'}",
        f"models: {' '.join(models_under_test())}",
    ]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """End by naming what this machine could not run, and why; where setup/tests runs two parts it does so itself."""
    if hasattr(terminalreporter.config, "workerinput"):  # one of several processes: the first one sums up for all
        return
    skipped = terminalreporter.getreports("skipped")
    reasons = Counter(str(report.longrepr[2]).removeprefix("Skipped: ") for report in skipped if report.longrepr)
    lines = [f"{count} × {reason}" for reason, count in sorted(reasons.items())]
    if kept := os.environ.get("EDGEBENCH_TEST_NOT_RUN"):
        with Path(kept).open("a", encoding="utf-8") as file:
            file.writelines(f"{line}\n" for line in lines)
    elif lines:
        terminalreporter.section("not run on this machine")
        terminalreporter.write("\n".join(lines) + "\n")
