"""Every framework in every arm, once: its image, its native environment, its adapter and its artifact fit together."""

import json

import pytest

from analysis.report.stats.ratios import RATIOS
from bench.core.matrix.arm_names import ARMS
from bench.core.matrix.schema import load_matrix
from tests.conftest import frameworks_under_test
from tests.engine.conftest import journal

pytestmark = pytest.mark.engine


MODELS = ("mobilenet-v2", "resnet-18")  # the first that a framework can run is what it is tried on


@pytest.mark.parametrize("framework", frameworks_under_test())
def test_every_framework_runs_and_agrees_in_every_arm(framework, engine, bench, tmp_path):
    without = load_matrix().frameworks[framework].without
    model = next(name for name in MODELS if name not in without)
    arms = set(ARMS) - without.keys()
    done = bench("matrix", "run", "--device", "host", "--framework", framework, "--model", model,
                 "--profile", "demo", "--blocks", "2", "--quiet", "--no-replace")  # fmt: skip
    assert done.returncode == 0, done.stderr
    lines = journal(tmp_path / "results")
    assert {line["arm"] for line in lines} == arms
    for line in lines:
        assert line["output"]["parity"]["top1"] is True
        assert line["loaded"]["libraries"], "the build ids of what was mapped"
    (cell,) = json.loads(bench("report", "latest", "--json").stdout)["cells"]
    assert all(arm["median_ms"] > 0 for arm in cell["arms"].values())
    for name, ratio in cell["ratios"].items():
        if set(RATIOS[name]) <= arms:
            assert ratio["comparable"] is True, ratio["reason"]
            assert ratio["ratio"] > 0
        else:
            assert ratio["reason"] in without.values()
