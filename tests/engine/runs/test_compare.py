"""`bench compare` on runs of this machine: the same twice, and one that was made slower on purpose."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.engine.conftest import CELL

pytestmark = [pytest.mark.engine, pytest.mark.alone]

RUN = ("matrix", "run", "--select", CELL, "--profile", "demo", "--arms", "native", "--blocks", "6", "--quiet", "--json")
SHARE = 0.5  # far beyond the noise of any machine that tests run on
SLOWED = f"""
from bench.run import requests
from bench.cli.app import main

as_asked = requests.timing_of
requests.timing_of = lambda plan: {{**as_asked(plan), "slowdown": {SHARE}}}
main()
"""


def test_the_same_twice_is_no_regression_and_a_slowdown_is_one(made, bench, tmp_path):
    done = [bench(*RUN), bench(*RUN), slowed(tmp_path)]
    assert [each.returncode for each in done] == [0, 0, 0], [each.stderr for each in done]
    first, again, slower = (json.loads(each.stdout)["run_id"] for each in done)
    same = bench("compare", first, again, "--threshold", "20%", "--json")
    assert same.returncode == 0, same.stderr
    arm = json.loads(same.stdout)["cells"][0]["arms"]["native"]
    assert arm["ci95"][0] < arm["ratio"] < arm["ci95"][1]
    found = bench("compare", first, slower, "--json")
    assert found.returncode == 5, found.stderr
    assert json.loads(found.stdout)["cells"][0]["arms"]["native"]["ratio"] > 1.05
    assert "slower by more than 5 %" in found.stderr


def slowed(folder: Path) -> subprocess.CompletedProcess[str]:
    """A run of which the runner makes every inference slower."""
    return subprocess.run([sys.executable, "-c", SLOWED, *RUN], cwd=folder, capture_output=True, text=True, timeout=600)
