"""Artifacts in their own images: what agrees, what does not, and what may not be timed."""

import json
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import docker
import pytest

from bench.artifacts.store import Store
from bench.core.matrix.plan import Cell
from bench.core.matrix.schema import load_matrix
from bench.core.paths import model_store
from bench.verification.verdicts import Checks
from tests.conftest import frameworks_under_test
from tests.engine.conftest import CELL, journal

pytestmark = pytest.mark.engine

Bench = Callable[..., subprocess.CompletedProcess[str]]


@pytest.mark.parametrize("framework", frameworks_under_test())
def test_every_framework_agrees_at_sixteen_inputs_and_looks_at_them(
    framework: str, made: docker.DockerClient, bench: Bench
) -> None:
    model = "cifarnet" if "cifarnet" not in load_matrix().frameworks[framework].without else "resnet-18"
    done = bench("models", "check", model, "--framework", framework, "--precision", "fp32", "--again", "--json")
    assert done.returncode == 0, done.stderr
    (verdict,) = json.loads(done.stdout)
    assert verdict["status"] == "agrees"
    assert verdict["parity"]["inputs"] == verdict["parity"]["agree"] == 16
    assert min(verdict["sensitivity"].values()) > 0.5
    assert verdict["framework"]


@pytest.fixture
def differing(made: docker.DockerClient, bench: Bench) -> Iterator[str]:
    """A cell that a check found not to agree; the verdict is taken back afterwards."""
    checks = Checks(Store(model_store()), load_matrix())
    cell = Cell(*CELL.split("/"))
    done = bench("models", "check", cell.model, "--framework", cell.framework, "--precision", cell.precision)
    assert done.returncode == 0, done.stderr
    before = checks.find(cell)
    assert before
    checks.keep(cell, type(before)(**{**vars(before), "status": "differs", "message": "off by 2 of the range"}))
    yield CELL
    checks.keep(cell, before)


@pytest.mark.alone  # the cell is that of most other tests
def test_what_differs_is_timed_by_force_alone_and_compared_with_nothing(
    differing: str, bench: Bench, tmp_path: Path
) -> None:
    words = ("matrix", "run", "--select", differing, "--profile", "demo", "--blocks", "2", "--arms", "container,native")
    done = bench(*words, "--quiet")
    assert done.returncode == 3
    assert f"{differing} does not compute its network: off by 2 of the range" in " ".join(done.stderr.split())
    assert journal(tmp_path / "results") == []
    done = bench(*words, "--quiet", "--force")
    assert done.returncode == 0, done.stderr
    (run,) = (tmp_path / "results").iterdir()
    assert json.loads((run / "run.json").read_text())["forced"] == [f"{differing}: off by 2 of the range"]
    report = json.loads(bench("report", "latest", "--json").stdout)
    total = report["cells"][0]["ratios"]["total"]
    assert (total["comparable"], total["ratio"]) == (False, None)
    assert differing in total["reason"]
    assert report["cells"][0]["arms"]["container"]["median_ms"] > 0
