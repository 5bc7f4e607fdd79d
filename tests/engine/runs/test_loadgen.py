"""`--profile mlperf` on a real engine: MLPerf LoadGen asks for the inferences in every arm, from one folder."""

from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console

from analysis.data.launches import load
from bench.artifacts import loadgen
from bench.core.matrix.plan import Selection, make_plan
from bench.core.matrix.schema import load_matrix
from bench.journal.journal import read
from bench.run import session
from tests.engine.conftest import CELL

pytestmark = pytest.mark.engine


def test_loadgen_drives_every_arm_for_as_long_as_its_rules_say(made, tmp_path):
    if not loadgen.folder().is_dir():
        pytest.skip("LoadGen is not installed: setup/loadgen")
    plan = make_plan(load_matrix(), Selection(device="host", globs=[CELL], profile="mlperf"))
    assert plan.stop.seconds == 600
    plan = replace(plan, stop=plan.stop.model_copy(update={"seconds": 1.5}))
    done = session.start(plan, load_matrix(), session.Options(), Path(tmp_path), Console(quiet=True), quiet=True)
    assert (done.tally.ok, done.tally.failed) == (3, {})
    run = read(done.folder)
    for line in run.launches:
        said = line["loadgen"]
        assert said["valid"] is True
        assert said["queries"] == len(line["samples"]) >= 64
        assert said["early_stopping_p90_ns"] >= said["p90_ns"] > min(line["samples"])
        assert line["host_window"]["timed"]["seconds"] >= 1.5
    frame = load(run).launches
    assert set(frame["arm"]) == {"container", "rootfs", "native"}
    assert (frame["status"] == "ok").all()
