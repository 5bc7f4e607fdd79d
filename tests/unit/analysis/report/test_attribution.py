"""Attribution: what each ablation tells, what really changed, and when it tells nothing."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from analysis.report.build import build
from bench.journal.journal import Journal, read, write_run
from tests.support.synthetic import Truth, facts, line

HOST = {"net": "net:[1]", "pid": "pid:[2]"}
KERNEL = {"seccomp": "2", "cap_eff": "0", "filesystem": "overlay ro", "cpu_quota": None}
ABLATED: dict[str, dict[str, Any]] = {
    "container": {},
    "no-seccomp": {"seccomp": "0"},
    "host-network": {"net": "net:[1]"},
    "cpu-quota": {"cpu_quota": "200000/100000"},
}


def write(folder: Path, ablated: dict[str, dict[str, Any]], factors: dict[str, float], blocks: int = 12, **host) -> Any:
    """A run of a container and ablations whose launches say these facts and take a factor of 10 ms."""
    run = facts([Truth()], blocks, tuple(ablated))
    run["host"] |= {"namespaces": HOST, **host}
    run["plan"]["armless"] = {"onnxruntime": {"no-apparmor": "this engine's host has no AppArmor"}}
    run["plan"]["arms"] = [*ablated, "no-apparmor"]
    write_run(folder, run)
    random = np.random.default_rng(1)
    with Journal(folder) as journal:
        for block in range(1, blocks + 1):
            for arm, said in ablated.items():
                own = {"net": f"net:[{block}{len(arm)}]", "pid": f"pid:[{block}{len(arm)}]"}
                namespaces = {name: said.get(name, own[name]) for name in own}
                samples = [int(1e7 * factors.get(arm, 1.0) * random.lognormal(0, 0.002))] * 5
                record = line(Truth(), arm, block, samples)
                record["hello"]["kernel"] = KERNEL | {k: v for k, v in said.items() if k in KERNEL}
                record["hello"]["kernel"]["namespaces"] = namespaces
                record["hello"]["affinity"] = said.get("affinity", [0, 1])
                journal.append(record)
    [cell] = json.loads(json.dumps(build(read(folder))))["cells"]
    return cell["attribution"]


def test_what_a_thing_costs_is_container_over_the_arm_without_it(tmp_path: Path) -> None:
    found = write(tmp_path, ABLATED, {"container": 1.05, "cpu-quota": 1.2})
    assert found["no-seccomp"]["ratio"] == pytest.approx(1.05, rel=0.01)
    assert found["cpu-quota"]["ratio"] == pytest.approx(1.05 / 1.2, rel=0.01)
    assert {name: entry["verdict"] for name, entry in found.items()} == {
        "no-seccomp": "different",
        "no-apparmor": None,
        "host-network": "different",
        "cpu-quota": "different",
    }
    assert found["no-seccomp"]["changes"] == "no seccomp filter"


def test_what_changed_is_said_and_nothing_else_did(tmp_path: Path) -> None:
    found = write(tmp_path, ABLATED, {})
    assert found["no-seccomp"]["changed"] == {"seccomp": ["2", "0"]}
    assert found["host-network"]["changed"] == {"namespaces.net": ["own", "host"]}
    assert found["cpu-quota"]["changed"] == {"cpu_quota": ["None", "200000/100000"]}
    assert all(entry["unmeant"] == [] for entry in found.values())


def test_what_an_engine_cannot_do_is_there_with_its_reason(tmp_path: Path) -> None:
    entry = write(tmp_path, ABLATED, {})["no-apparmor"]
    assert (entry["ratio"], entry["verdict"], entry["reason"]) == (None, None, "this engine's host has no AppArmor")


def test_an_ablation_that_changed_more_says_so(tmp_path: Path) -> None:
    found = write(tmp_path, ABLATED | {"no-seccomp": {"seccomp": "0", "cap_eff": "ff"}}, {})
    assert found["no-seccomp"]["unmeant"] == ["cap_eff"]


def test_an_ablation_that_changed_nothing_is_not_compared(tmp_path: Path) -> None:
    entry = write(tmp_path, ABLATED | {"no-seccomp": {}}, {})["no-seccomp"]
    assert (entry["comparable"], entry["ratio"], entry["verdict"]) == (False, None, None)
    assert "did not change what it is meant to" in entry["reason"]
    assert entry["blocks"] == 12


def test_namespaces_cannot_be_checked_where_the_host_s_are_not_known(tmp_path: Path) -> None:
    entry = write(tmp_path, ABLATED, {}, namespaces=None)["host-network"]
    assert entry["comparable"] is True
    assert entry["changed"] == {}


def test_an_arm_may_differ_in_what_it_is_meant_to_and_in_nothing_else_that_is_judged(tmp_path: Path) -> None:
    ablated = ABLATED | {
        "cpu-quota": {"cpu_quota": "200000/100000", "affinity": [0, 1, 2, 3]},
        "no-seccomp": {"seccomp": "0", "affinity": [0]},
    }
    found = write(tmp_path, ablated, {})
    assert found["cpu-quota"]["comparable"] is True
    assert found["cpu-quota"]["changed"]["CPU affinity"] == ["0,1", "0,1,2,3"]
    assert found["no-seccomp"]["comparable"] is False
    assert "CPU affinity" in found["no-seccomp"]["reason"]


def test_a_run_without_ablations_has_none(tmp_path: Path) -> None:
    write_run(tmp_path, facts([Truth()], blocks=1))
    with Journal(tmp_path) as journal:
        journal.append(line(Truth(), "container", 1, [10] * 5))
    assert build(read(tmp_path))["cells"][0]["attribution"] == {}
