"""Where the difference comes from: the container against each ablation, with what really changed between the two.

An ablation is a container with one thing changed (bench/arms/ablations.py). Above 1, container / ablation is what that
thing costs; below 1, what stands in its place costs more. Each entry of a cell is a ratio (arm_ratios.py) and

    changes, tells     what the ablation changes, and what the ratio tells
    changed            the recorded facts that differ, as fact → [container, ablation]
    unmeant            those of them that the ablation is not meant to change: then it does not tell what it says

An ablation that changed none of the facts that it is meant to change did not happen, and is not comparable.
"""

from collections.abc import Mapping
from typing import Any

from analysis.data.launches import Launch, good
from analysis.report.arm_ratios import open_ratio
from analysis.report.stats.ratios import Pair
from bench.arms.ablations import ABLATIONS, expected_facts

BASE = "container"
PAIRS = {name: Pair(BASE, name) for name in ABLATIONS}


def attribute(
    by_arm: Mapping[str, list[Launch]],
    absent: Mapping[str, Any],
    host_namespaces: Mapping[str, str],
    wrong: str | None = None,
) -> dict[str, dict[str, Any]]:
    """Ablation → its entry without verdicts, for every ablation of a cell that was launched or is `absent` (→ why).

    `wrong` says why nothing of this cell may be compared.
    """
    asked = [name for name in ABLATIONS if name in by_arm or name in absent]
    return {name: _entry(name, by_arm, absent, host_namespaces, wrong) for name in asked}


def facts(launches: list[Launch], host_namespaces: Mapping[str, str]) -> dict[str, str]:
    """What the launches of an arm said of themselves, as flat text; a namespace is the `host`'s or their `own`."""
    said = [_flat(launch["kernel"], launch["identity"], host_namespaces) for launch in good(launches)]
    return {key: " or ".join(sorted({each.get(key, "none") for each in said})) for key in said[0]} if said else {}


def _entry(
    name: str,
    by_arm: Mapping[str, list[Launch]],
    absent: Mapping[str, Any],
    host_namespaces: Mapping[str, str],
    wrong: str | None,
) -> dict[str, Any]:
    ablation = ABLATIONS[name]
    shown: dict[str, Any] = {"changes": ablation.changes, "tells": ablation.tells, "changed": {}, "unmeant": []}
    ratio = open_ratio(PAIRS[name], by_arm, absent, meant=expected_facts(name), wrong=wrong)
    if ratio["ratio"] is None:
        return ratio | shown
    container, ablated = (facts(by_arm[arm], host_namespaces) for arm in PAIRS[name])
    differ = {key: [container[key], ablated[key]] for key in container if container[key] != ablated.get(key)}
    told = set(ablation.facts) & container.keys()
    if told and not told & differ.keys():
        why = f"{name} did not change what it is meant to here: {', '.join(ablation.facts)}"
        return _incomparable(ratio, why) | shown
    return ratio | shown | {"changed": differ, "unmeant": [key for key in differ if key not in ablation.facts]}


def _incomparable(ratio: dict[str, Any], reason: str) -> dict[str, Any]:
    nothing = dict.fromkeys(ratio)
    del nothing["difference"]
    return nothing | {"comparable": False, "reason": reason, "blocks": ratio["blocks"], "margins": []}


def _flat(kernel: Any, identity: Mapping[str, str], host_namespaces: Mapping[str, str]) -> dict[str, str]:
    said = {key: str(value) for key, value in kernel.items() if key not in ("cgroup", "namespaces")}
    for name, place in (kernel.get("namespaces") or {}).items() if host_namespaces else ():
        said[f"namespaces.{name}"] = "host" if host_namespaces.get(name) == place else "own"
    return said | {"CPU affinity": identity.get("CPU affinity", "none")}
