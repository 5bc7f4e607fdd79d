"""The doctor with a real engine: this machine is in order, and a container of it says what it finds."""

import json

import pytest

from bench.images import local

pytestmark = pytest.mark.engine


def test_this_machine_is_in_order(made, bench):
    done = bench("doctor", "--framework", "onnxruntime", "--model", "cifarnet", "--json")
    lines = json.loads(done.stdout)["lines"]
    assert done.returncode == 0, lines
    (started,) = (line for line in lines if line["topic"] == "container of onnxruntime")
    wanted = local.pins("onnxruntime", local.native_platform())["onnxruntime"]
    assert (started["level"], f"onnxruntime {wanted}" in started["said"]) == ("ok", True)
    assert not made.containers.list(all=True, filters={"label": "org.edgebench.run=doctor"})


def test_a_board_that_is_not_here_fails_for_what_it_lacks(made, bench):
    done = bench("doctor", "--device", "jetson-tx2", "--json")
    assert done.returncode == 3
    failed = {line["topic"]: line for line in json.loads(done.stdout)["lines"] if line["level"] == "fail"}
    assert {"architecture", "identity", "L4T", "runtime", "CSV lists", "hardware", "images", "power"} <= failed.keys()
    assert all(line["mend"] for line in failed.values())


def test_a_device_with_missing_nodes_is_refused_before_anything_starts(made, bench, tmp_path):
    other = "rtx-2080" if local.native_platform() == "amd64" else "coral-pcie"
    done = bench("matrix", "run", "--device", other, "--model", "cifarnet", "--blocks", "1")
    assert done.returncode == 3
    assert "is not there" in done.stderr
    assert f"bench doctor --device {other}" in done.stderr
    assert not (tmp_path / "results").exists()
