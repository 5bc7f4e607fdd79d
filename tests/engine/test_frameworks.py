"""Every framework in every arm, once: its image, its native environment, its adapter and its artifact fit together."""

import json

import pytest

from bench.config import load_matrix
from bench.plan import ARMS
from tests.engine.conftest import journal

pytestmark = pytest.mark.engine


@pytest.mark.parametrize("framework", load_matrix().frameworks)
def test_every_framework_runs_and_agrees_in_every_arm(framework, engine, bench, tmp_path):
    done = bench("matrix", "run", "--device", "host", "--framework", framework, "--model", "mobilenet-v2",
                 "--profile", "demo", "--blocks", "2", "--quiet")  # fmt: skip
    assert done.returncode == 0, done.stderr
    lines = journal(tmp_path / "results")
    assert {line["arm"] for line in lines} == set(ARMS)
    for line in lines:
        assert line["output"]["parity"]["top1"] is True
        assert line["loaded"]["libraries"], "the build ids of what was mapped"
    (cell,) = json.loads(bench("report", "latest", "--json").stdout)["cells"]
    for ratio in cell["ratios"].values():
        assert ratio["comparable"] is True, ratio["reason"]
        assert ratio["ratio"] > 0
